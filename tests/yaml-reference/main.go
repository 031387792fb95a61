// Prints what sigs.k8s.io/yaml makes of YAML documents: what Kubernetes reads.
//
// Input: documents, each a length in decimal, a line break and that many bytes. Output: a line for each:
// "= " and the JSON the API machinery decodes it to (numbers as int64, or float64 in Go's shortest form), or
// "~ " and that when text follows that nobody reads, or "! " and the error on one line.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	stream "go.yaml.in/yaml/v2"
	"sigs.k8s.io/yaml"
)

func main() {
	if err := answer(bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func answer(in *bufio.Reader, out *bufio.Writer) error {
	for {
		line, err := in.ReadString('\n')
		if err == io.EOF && line == "" {
			return out.Flush()
		}
		if err != nil {
			return err
		}
		length, err := strconv.Atoi(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return err
		}
		document := make([]byte, length)
		if _, err := io.ReadFull(in, document); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(out, read(document)); err != nil {
			return err
		}
	}
}

func read(document []byte) (result string) {
	// Some documents make the reader itself give up.
	defer func() {
		if reason := recover(); reason != nil {
			result = "! " + oneLine(fmt.Sprint(reason))
		}
	}()
	text, err := yaml.YAMLToJSON(document)
	if err != nil {
		return "! " + oneLine(err.Error())
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return "! " + oneLine(err.Error())
	}
	value, err = numbers(value)
	if err != nil {
		return "! " + oneLine(err.Error())
	}
	plain, err := json.Marshal(value)
	if err != nil {
		return "! " + oneLine(err.Error())
	}
	if isFollowed(document) {
		return "~ " + string(plain)
	}
	return "= " + string(plain)
}

// isFollowed tells whether there is more in the text than the first document, which is all that is read of it.
func isFollowed(document []byte) (followed bool) {
	defer func() {
		followed = recover() != nil || followed
	}()
	decoder := stream.NewDecoder(bytes.NewReader(document))
	var value any
	if decoder.Decode(&value) != nil {
		return false
	}
	return decoder.Decode(&value) != io.EOF
}

// numbers decodes numbers as k8s.io/apimachinery/pkg/util/json does: an integer where it fits, else a float.
func numbers(value any) (any, error) {
	var err error
	switch value := value.(type) {
	case json.Number:
		if whole, err := value.Int64(); err == nil {
			return whole, nil
		}
		return value.Float64()
	case []any:
		for at := range value {
			if value[at], err = numbers(value[at]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for key := range value {
			if value[key], err = numbers(value[key]); err != nil {
				return nil, err
			}
		}
	}
	return value, nil
}

func oneLine(text string) string {
	return strings.ReplaceAll(text, "\n", " ")
}
