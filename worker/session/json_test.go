package session

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
)

func TestJSONIsThatOfEncodingJSON(t *testing.T) {
	type named map[string]any
	random := rand.New(rand.NewPCG(5, 6))
	leaves := []any{
		nil, true, false, 0, -7, int64(1) << 60, uint(3), 0.0, math.Copysign(0, -1), 1.5, -2.0, 1e20, 1e21, 1e-7, math.Pow(2, 53), 123456789.0,
		"", "a", "ü", "\u2028", "<b>&", "\"\\\n\x7f\x00", "\xff", []any(nil), map[string]any(nil), []string{"x"}, named{"b": 1, "a": "<"},
		json.Number("1.0"), map[string]string{"z": "y", "x": ""},
	}
	var value func(depth int) any
	value = func(depth int) any {
		switch kind := random.IntN(4); {
		case depth == 0 || kind == 0:
			return leaves[random.IntN(len(leaves))]
		case kind == 1:
			list := []any{}
			for range random.IntN(4) {
				list = append(list, value(depth-1))
			}
			return list
		default:
			table := map[string]any{}
			for range random.IntN(5) {
				key, _ := leaves[16+random.IntN(7)].(string)
				table[key+string(rune('a'+random.IntN(9)))] = value(depth - 1)
			}
			return table
		}
	}
	for range 20_000 {
		made := value(5)
		expected, err := json.Marshal(made)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := appendJSON([]byte("before "), made, 0); string(text) != "before "+string(expected) || err != nil {
			t.Fatalf("%s, not %s: %v", text, expected, err)
		}
	}
}

func TestAValueThatHasNoJSONHasNoneHereEither(t *testing.T) {
	own := map[string]any{}
	own["within"] = []any{own}
	for _, value := range []any{math.NaN(), math.Inf(1), own, []any{func() {}}, map[string]any{"a": make(chan int)}} {
		_, expected := json.Marshal(value)
		if _, err := appendJSON(nil, value, 0); err == nil || expected == nil {
			t.Error(err, expected)
		}
	}
}
