package cli

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/homestak/homestak/runtime/lab/faults"
)

func faultFile(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestFaultFile(t *testing.T) {
	want := faults.Script{Seed: 7, Random: 2, Faults: []faults.Rule{
		{Fault: faults.Delay, Delay: faults.Duration(200 * time.Millisecond), Chance: 10},
		{Fault: faults.Drop, On: "POST /pools", Effect: true, Times: 1},
	}}
	for name, text := range map[string]string{
		"f.yaml": "seed: 7\nrandom: 2\nfaults:\n  - {fault: delay, delay: 200ms, chance: 10}\n  - fault: drop\n    on: POST /pools\n    effect: true\n    times: 1\n",
		"f.json": `{"seed": 7, "random": 2, "faults": [{"fault": "delay", "delay": "200ms", "chance": 10}, {"fault": "drop", "on": "POST /pools", "effect": true, "times": 1}]}`,
		"f.hcl":  "seed = 7\nrandom = 2\nfaults = [\n  { fault = \"delay\", delay = \"200ms\", chance = 10 },\n  { fault = \"drop\", on = \"POST /pools\", effect = true, times = 1 },\n]\n",
	} {
		got, err := readFaults(faultFile(t, name, text))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// Whatever is wrong is said with its place.
func TestFaultFileIsStrict(t *testing.T) {
	for text, says := range map[string]string{
		"- fault: drop\n":                                    "a script is a map",
		"fault: drop\n":                                      "a script has seed, random and faults",
		"seed: x\n":                                          ":1:7",
		"random: 1.5\n":                                      "whole number",
		"faults: drop\n":                                     "faults is a list",
		"faults:\n  - drop\n":                                ":2:5",
		"faults:\n  - {fault: drop, wenn: x}\n":              "no such field",
		"faults:\n  - {fault: drop, tims: 1}\n":              "write times",
		"faults:\n  - {fault: drop, times: often}\n":         ":2:26",
		"faults:\n  - {fault: drop, times: [1]}\n":           "one value",
		"faults:\n  - {fault: drop, status: 500}\n":          "drop takes no status",
		"faults:\n  - {fault: drop, on: POST}\n":             "a verb and a path",
		"faults:\n  - {fault: explode}\n":                    "is no fault",
		"faults:\n  - {fault: delay, delay: 3}\n":            "not a duration",
		"faults:\n  - {fault: drop}\n  - {fault: drop,, }\n": "error",
	} {
		_, err := readFaults(faultFile(t, "f.yaml", text))
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := readFaults(filepath.Join(t.TempDir(), "none.yaml")); err == nil || !strings.Contains(err.Error(), string(codeFaultFile)) {
		t.Errorf("%v", err)
	}
}
