package converge

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"

	"github.com/fxamacker/cbor/v2"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan/program"
)

const (
	codeRequest diag.Code = "HS0960" // the request cannot be read
	codeAnswer  diag.Code = "HS0961" // the target's answer cannot be read
)

// Request is what the driver sends. Program stays in its encoded form, so that
// its digest is that of the plan. UserCA, if not "", is the public key of the
// site's SSH user authority in authorized_keys form: the driver is let in by it
// from then on, on a machine whose seed did not see to that.
//
//	request = { 1: program bytes, 2: bundle bytes, ? 3: user authority }    ; deterministic CBOR
type Request struct {
	Program []byte
	Bundle  program.Bundle
	UserCA  string
}

type wireRequest struct {
	Program []byte `cbor:"1,keyasint"`
	Bundle  []byte `cbor:"2,keyasint"`
	UserCA  string `cbor:"3,keyasint,omitempty"`
}

const (
	maxUserCA  = 4096
	maxRequest = program.MaxProgram + program.MaxBundle + maxUserCA + 64
)

// EncodeRequest gives the bytes for the target's standard input. They are
// secret when the bundle is not empty.
func EncodeRequest(r Request) ([]byte, error) {
	bundle, err := program.EncodeBundle(&r.Bundle)
	if err != nil {
		return nil, err
	}
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		return nil, codeRequest.Errorf("the request cannot be encoded")
	}
	return mode.Marshal(wireRequest{Program: r.Program, Bundle: bundle, UserCA: r.UserCA})
}

// ReadRequest reads one request to the end of in. It takes what EncodeRequest
// writes and nothing else.
func ReadRequest(in io.Reader) (*Request, *program.Program, error) {
	bad := func() (*Request, *program.Program, error) {
		return nil, nil, codeRequest.Errorf("the request on standard input cannot be read")
	}
	data, err := io.ReadAll(io.LimitReader(in, maxRequest+1))
	if err != nil || len(data) > maxRequest {
		return bad()
	}
	mode, err := cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField, MaxNestedLevels: 4,
	}.DecMode()
	if err != nil {
		return bad()
	}
	var w wireRequest
	if err := mode.Unmarshal(data, &w); err != nil {
		return bad()
	}
	bundle, err := program.DecodeBundle(w.Bundle)
	if err != nil {
		return nil, nil, err
	}
	r := &Request{Program: w.Program, Bundle: *bundle, UserCA: w.UserCA}
	if again, err := EncodeRequest(*r); err != nil || !bytes.Equal(again, data) {
		return bad()
	}
	p, err := program.Decode(r.Program)
	if err != nil {
		return nil, nil, err
	}
	return r, p, nil
}

// line is one line of the answer: exactly one member is set.
type line struct {
	Result *Result `json:"result,omitempty"`
	Report *Report `json:"report,omitempty"`
}

// Bounds of an answer that a target, not trusted, may send.
const (
	maxLine  = 256 << 10
	maxLines = 8192
)

// ReadAnswer reads what Serve writes, calls emit (if not nil) for each result
// as it comes, and returns the report, which must be the last line.
func ReadAnswer(out io.Reader, emit func(Result)) (Report, error) {
	bad := func(why string) (Report, error) {
		d := codeAnswer.Errorf("the target's answer cannot be read: %s", why)
		d.Help = "see what the target printed on standard error"
		return Report{}, d
	}
	sc := bufio.NewScanner(out)
	sc.Buffer(make([]byte, 0, 4096), maxLine)
	for n := 0; sc.Scan(); n++ {
		if n == maxLines {
			return bad("it has too many lines")
		}
		dec := json.NewDecoder(bytes.NewReader(sc.Bytes()))
		dec.DisallowUnknownFields()
		var l line
		if err := dec.Decode(&l); err != nil || dec.More() || (l.Result == nil) == (l.Report == nil) {
			return bad("a line is not what homestak writes")
		}
		if l.Report != nil {
			if sc.Scan() {
				return bad("it goes on after the report")
			}
			return *l.Report, nil
		}
		if emit != nil {
			emit(*l.Result)
		}
	}
	if sc.Err() != nil {
		return bad("the connection broke or a line is too long")
	}
	return bad("it ends before the report")
}

func writeLine(w io.Writer, l line) error {
	data, err := json.Marshal(l)
	if err != nil {
		return err
	}
	_, err = w.Write(append(data, '\n'))
	return err
}
