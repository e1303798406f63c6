package apply_test

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/plan"
)

// genuine makes the lab say that it is a Proxmox VE which somebody installed.
func genuine(w *world) {
	front(w, func(r *http.Response) error {
		if !strings.HasSuffix(r.Request.URL.Path, "/version") {
			return nil
		}
		data, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		data = bytes.Replace(data, []byte(`"repoid":"lab"`), []byte(`"repoid":"4a3b2c1d"`), 1)
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
		r.Header.Set("Content-Length", strconv.Itoa(len(data)))
		return nil
	})
}

// On a host that is no lab, a plan which configures nodes is refused before
// anything is written; one that destroys runs.
func TestRealMachinesAreNotConfigured(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"dozen": dozen(1, 512)})
	made := w.plan("dozen", plan.GoalCreate)
	w.must(made, apply.Done)
	w.write("specs/web.yaml", strings.Replace(string(w.files["specs/web.yaml"].Data), "[curl]", "[curl, nginx]", 1))
	genuine(w)
	p := w.plan("dozen", plan.GoalCreate)
	before := w.writes()
	if r := w.must(p, apply.Refused); codes(r) != "HS0936" {
		t.Errorf("%s", tell(r))
	}
	if n := w.writes() - before; n != 0 {
		t.Errorf("%d writes", n)
	}
	w.must(w.plan("dozen", plan.GoalDestroy), apply.Done)
	if left := w.guests(); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
