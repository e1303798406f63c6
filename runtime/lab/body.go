package lab

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// maxPost is PVE's limit for bodies other than uploads.
const maxPost = 64 << 10

// readParams collects the parameters of a request from its query and its body.
func (l *Lab) readParams(r *http.Request) ([]KV, *upload, error) {
	params, err := formParams(r.URL.RawQuery)
	if err != nil {
		return nil, nil, errorf(400, "bad query string")
	}
	if len(r.TransferEncoding) > 0 {
		return nil, nil, errorf(501, "chunked transfer encoding not supported")
	}
	if r.ContentLength == 0 {
		return params, nil, nil
	}
	kind, options, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Header.Get("Content-Type") == "" {
		kind, err = "application/x-www-form-urlencoded", nil
	}
	if err == nil && kind == "multipart/form-data" {
		more, up, err := l.readUpload(r.Body, options["boundary"])
		return append(params, more...), up, err
	}
	if r.ContentLength > maxPost {
		return nil, nil, errorf(501, "for data too large")
	}
	body, readErr := io.ReadAll(io.LimitReader(r.Body, maxPost))
	if readErr != nil {
		return nil, nil, readErr
	}
	var more []KV
	switch {
	case err == nil && kind == "application/x-www-form-urlencoded":
		more, err = formParams(string(body))
		if err != nil {
			return nil, nil, errorf(400, "bad form data")
		}
	case err == nil && kind == "application/json":
		if more, err = jsonParams(body); err != nil {
			return nil, nil, errorf(500, err.Error())
		}
	default:
		return nil, nil, errorf(506, "upload 'Content-Type '"+r.Header.Get("Content-Type")+"' not implemented")
	}
	return append(params, more...), nil, nil
}

// formParams parses a query, keeping the order.
func formParams(query string) ([]KV, error) {
	var params []KV
	for _, part := range strings.FieldsFunc(query, func(r rune) bool { return r == '&' }) {
		key, value, _ := strings.Cut(part, "=")
		k, err := url.QueryUnescape(key)
		if err != nil {
			return nil, err
		}
		v, err := url.QueryUnescape(value)
		if err != nil {
			return nil, err
		}
		params = append(params, KV{k, v})
	}
	return params, nil
}

// jsonParams reads a JSON object of scalars. Null is absent, true is 1; a list
// is its items under one name.
func jsonParams(body []byte) ([]KV, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var obj map[string]any
	if err := dec.Decode(&obj); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, fmt.Errorf("malformed JSON string, at character offset %d: %v", syntax.Offset, err)
		}
		return nil, fmt.Errorf("malformed JSON string: %v", err)
	}
	var params []KV
	for _, key := range sortedKeys(obj) {
		items, isList := obj[key].([]any)
		if !isList {
			items = []any{obj[key]}
		}
		for _, v := range items {
			text, present := jsonScalar(v)
			if present {
				params = append(params, KV{key, text})
			}
		}
	}
	return params, nil
}

func jsonScalar(v any) (text string, present bool) {
	switch v := v.(type) {
	case nil:
		return "", false
	case bool:
		if v {
			return "1", true
		}
		return "0", true
	case json.Number:
		return v.String(), true
	case string:
		return v, true
	}
	data, _ := json.Marshal(v)
	return string(data), true
}
