// Reads Prometheus configurations with Prometheus' own packages: one a line on standard input, as a text in
// JSON. Answers each with a line: what Prometheus would say at its start, or an empty text.
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/config"

	// The ways of finding targets a cluster of one's own has; the others bring the libraries of every cloud.
	_ "github.com/prometheus/prometheus/discovery/dns"
	_ "github.com/prometheus/prometheus/discovery/file"
	_ "github.com/prometheus/prometheus/discovery/http"
	_ "github.com/prometheus/prometheus/discovery/kubernetes"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var text, said string
		if err := json.Unmarshal(lines.Bytes(), &text); err != nil {
			log.Fatal(err)
		}
		if _, err := config.Load(text, promslog.NewNopLogger()); err != nil {
			said = err.Error()
		}
		if err := answers.Encode(said); err != nil {
			log.Fatal(err)
		}
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}
