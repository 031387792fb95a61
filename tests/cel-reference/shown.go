package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	apiservercel "k8s.io/apiserver/pkg/cel"
)

// shown gives a value as text that tells its type: 1, 1u, 1e0, "a", b"61", [1], {"a": 1}.
func shown(value ref.Val) string {
	switch value := value.(type) {
	case types.Null:
		return "null"
	case types.Bool:
		return strconv.FormatBool(bool(value))
	case types.Int:
		return strconv.FormatInt(int64(value), 10)
	case types.Uint:
		return strconv.FormatUint(uint64(value), 10) + "u"
	case types.Double:
		return scientific(float64(value))
	case types.String:
		return quoted(string(value))
	case types.Bytes:
		return fmt.Sprintf("b\"%x\"", []byte(value))
	case types.Duration:
		return fmt.Sprintf("duration %d", value.Nanoseconds())
	case types.Timestamp:
		return "timestamp " + value.Format("2006-01-02T15:04:05.999999999Z07:00")
	case *types.Optional:
		if value.HasValue() {
			return "some(" + shown(value.GetValue()) + ")"
		}
		return "none"
	case *types.Type:
		return "type " + value.TypeName()
	case *apiservercel.Quantity:
		return shown(*value)
	case apiservercel.Quantity:
		return "quantity " + scientific(value.AsApproximateFloat64())
	case apiservercel.URL:
		return "url " + value.String()
	case apiservercel.IP:
		return "ip " + value.String()
	case apiservercel.CIDR:
		return "cidr " + value.String()
	case apiservercel.Semver:
		return "semver"
	case apiservercel.Format:
		return "format " + strings.ToLower(value.Name)
	case traits.Lister:
		var parts []string
		for elements := value.Iterator(); elements.HasNext() == types.True; {
			parts = append(parts, shown(elements.Next()))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case traits.Mapper:
		var parts []string
		for keys := value.Iterator(); keys.HasNext() == types.True; {
			key := keys.Next()
			parts = append(parts, shown(key)+": "+shown(value.Get(key)))
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprintf("no form for %T", value)
}

func quoted(text string) string {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		return err.Error()
	}
	// JSON need not escape these two, Go does.
	return strings.NewReplacer(`\u2028`, "\u2028", `\u2029`, "\u2029", "\n", "").Replace(out.String())
}

// scientific gives a number in as few digits as tell it from all others: 1.5e3, inf, NaN.
func scientific(number float64) string {
	text := strconv.FormatFloat(number, 'e', -1, 64)
	return strings.NewReplacer("+Inf", "inf", "-Inf", "-inf", "e+0", "e", "e-0", "e-", "e+", "e").Replace(text)
}
