package lab

import (
	"crypto/subtle"
	"encoding/json"
	"io"
	"net/http"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/runtime/lab/faults"
)

const codeFaults diag.Code = "HS0880"

// FaultsPath is the admin call, beside the API and not part of it: GET lists the
// rules with how often each has happened, PUT replaces and POST appends a script
// (JSON, see package faults), DELETE ends all that is wrong. It takes the lab's
// own token, and nothing a script says happens to it; but a node that is down
// answers nobody.
const FaultsPath = "/lab/faults"

// maxScript bounds a script that is sent.
const maxScript = 4 << 20

func (l *Lab) serveFaults(r *http.Request) answer {
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("PVEAPIToken="+l.token)) != 1 {
		return answer{status: 401, reason: errBadTicket.Error()}
	}
	var s faults.Script
	if r.Method == http.MethodPut || r.Method == http.MethodPost {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxScript))
		if err == nil {
			s, err = faults.Decode(body)
		}
		if err != nil {
			return said(400, map[string]any{"message": err.Error()})
		}
	}
	var err error
	switch r.Method {
	case http.MethodGet:
	case http.MethodPut:
		err = l.SetFaults(s)
	case http.MethodPost:
		err = l.AddFaults(s)
	case http.MethodDelete:
		err = l.SetFaults(faults.Script{})
	default:
		return answer{status: 501, reason: "Method '" + r.Method + " " + FaultsPath + "' not implemented"}
	}
	if err != nil {
		return said(400, map[string]any{"message": err.Error()})
	}
	return said(200, map[string]any{"data": l.Faults()})
}

func said(status int, v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		return answer{status: 500, reason: oneLine(err.Error())}
	}
	return answer{status: status, reason: http.StatusText(status), body: body, header: [][2]string{{"Content-Type", "application/json"}}}
}
