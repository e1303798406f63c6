package faults

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Script is everything that shall go wrong.
type Script struct {
	// Seed decides whatever is left to chance: Rule.Chance, Rule.Jitter, Random.
	Seed uint64 `json:"seed,omitempty"`
	// Random is a number of rules that are made out of Seed, after those of Faults.
	Random int `json:"random,omitempty"`
	// Faults are the rules, in the order in which they take effect on one request.
	Faults []Rule `json:"faults,omitempty"`
}

// Rule is one fault and when it happens. Which of the fields below For a kind
// takes, and which it needs, the table kinds says.
type Rule struct {
	Fault Kind `json:"fault"`
	// On are the requests: "POST /nodes/*/qemu". The verb may be *, a segment may
	// be *, and ** at the end stands for all the rest. "" is every request.
	On string `json:"on,omitempty"`
	// Skip is how many matching requests pass first.
	Skip int `json:"skip,omitempty"`
	// Times is how often the fault happens; 0 = whenever the rule matches.
	Times int `json:"times,omitempty"`
	// Chance in percent that it happens to a request; 0 = always.
	Chance int `json:"chance,omitempty"`

	// For is how long a state lasts: of a full storage, a node that is down, a
	// revoked token, another certificate, a stuck task. 0 = until it is cleared.
	For Duration `json:"for,omitempty"`

	Delay   Duration `json:"delay,omitempty"`   // how long the answer takes
	Jitter  Duration `json:"jitter,omitempty"`  // and up to so much more, by chance
	Status  int      `json:"status,omitempty"`  // of the answer
	Reason  string   `json:"reason,omitempty"`  // PVE's words in it
	Effect  bool     `json:"effect,omitempty"`  // what was asked for happens all the same
	Percent int      `json:"percent,omitempty"` // of a task's time, or of an answer's bytes
	Exit    string   `json:"exit,omitempty"`    // how the task ends
	Storage string   `json:"storage,omitempty"`
	Node    string   `json:"node,omitempty"`  // "" = the one that answers
	Token   string   `json:"token,omitempty"` // user@realm!id; "" = the one that asks
	By      Duration `json:"by,omitempty"`    // how far the clock jumps; may be negative
}

// Duration is a time.Duration that reads and writes "1h30m".
type Duration time.Duration

func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration, as in 1h30m or 250ms", text)
	}
	*d = Duration(v)
	return nil
}

func (d Duration) String() string { return time.Duration(d).String() }

// Decode reads a script from JSON, strictly: a field it does not know is an
// error. It does not Check.
func Decode(data []byte) (Script, error) {
	var s Script
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return Script{}, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Script{}, errors.New("there is more after the script")
	}
	return s, nil
}
