package lsp

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Codes of errors, as JSON-RPC and the protocol have them.
const (
	codeParse          = -32700
	codeInvalidRequest = -32600
	codeNoMethod       = -32601
	codeParams         = -32602
	codeInternal       = -32603
	codeNotInitialized = -32002
	codeCancelled      = -32800
	codeFailed         = -32803
)

// rpcError is an error in the protocol's words. It is sent to the editor, so
// its message is for people.
type rpcError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *rpcError) Error() string { return e.Message }

func failure(code int, format string, args ...any) *rpcError {
	return &rpcError{code, fmt.Sprintf(format, args...)}
}

// message is what came in: a request (id and method), a notification (method)
// or the answer to a request of ours (id).
type message struct {
	id     json.RawMessage // a string or a number as it was written; nil without
	method string
	params json.RawMessage // an object or array, or nil
	result json.RawMessage
	err    *rpcError
}

func (m *message) isRequest() bool  { return m.id != nil && m.method != "" }
func (m *message) isResponse() bool { return m.id != nil && m.method == "" }

// parseMessage takes a message apart. The message is never nil: with an error it
// has the id to answer to, if that could be read.
func parseMessage(text []byte) (*message, *rpcError) {
	m := &message{}
	if !json.Valid(text) {
		return m, failure(codeParse, "the message is not JSON")
	}
	var raw struct {
		Version json.RawMessage `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Method  json.RawMessage `json:"method"`
		Params  json.RawMessage `json:"params"`
		Result  json.RawMessage `json:"result"`
		Error   json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		return m, failure(codeInvalidRequest, "a message is one JSON object")
	}
	bad := setID(m, raw.ID)
	if string(raw.Version) != `"2.0"` {
		return m, failure(codeInvalidRequest, "a message has \"jsonrpc\": \"2.0\"")
	}
	if bad != nil {
		return m, bad
	}
	if raw.Method != nil {
		if json.Unmarshal(raw.Method, &m.method) != nil || m.method == "" {
			return m, failure(codeInvalidRequest, "the method is no name")
		}
	} else if m.id == nil || raw.Result == nil && raw.Error == nil {
		return m, failure(codeInvalidRequest, "the message has no method")
	}
	if raw.Params != nil && !isNull(raw.Params) {
		if c := raw.Params[0]; c != '{' && c != '[' {
			return m, failure(codeParams, "the parameters are neither an object nor an array")
		}
		m.params = raw.Params
	}
	m.result = raw.Result
	if raw.Error != nil && !isNull(raw.Error) {
		m.err = failure(codeInternal, "the editor sent an error that cannot be read")
		_ = json.Unmarshal(raw.Error, m.err)
	}
	return m, nil
}

func setID(m *message, raw json.RawMessage) *rpcError {
	if raw == nil || isNull(raw) {
		return nil
	}
	if c := raw[0]; c != '"' && c != '-' && (c < '0' || c > '9') || len(raw) > 1000 {
		return failure(codeInvalidRequest, "the id is neither a number nor a text")
	}
	m.id = raw
	return nil
}

func isNull(raw json.RawMessage) bool { return bytes.Equal(raw, []byte("null")) }

// outgoing is what goes out: an answer, a notification, or a request of ours.
type outgoing struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  any             `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *rpcError       `json:"error,omitempty"`
}
