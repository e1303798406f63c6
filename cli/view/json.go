package view

import (
	"encoding/json"
	"io"

	"github.com/homestak/homestak/apply"
)

// JSON writes each event as one line. Fields and kinds are those of apply.Event.
type JSON struct{ enc *json.Encoder }

// NewJSON makes a view that writes to w.
func NewJSON(w io.Writer) *JSON {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return &JSON{enc}
}

// Event shows one event. A write error is dropped: a watcher that went away
// must not stop a run.
func (j *JSON) Event(e apply.Event) { _ = j.enc.Encode(e) }

// Close ends the view.
func (j *JSON) Close() {}
