package apply_test

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/plan"
)

// A guest whose row in the list cannot be read is not gone: a host that lists such
// a row is not known, and a destroy that meets one says that nothing is proven.
func TestUnreadableRowIsNotAbsence(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"one": one})
	var garbled, hidden atomic.Bool
	p := w.plan("one", plan.GoalCreate)
	w.must(p, apply.Done)
	number := strconv.FormatUint(uint64(p.Program.Changes[0].VMID), 10)
	front(w, func(r *http.Response) error {
		path := r.Request.URL.Path
		if hidden.Load() && strings.HasSuffix(path, "/"+number+"/pending") {
			r.StatusCode, r.Status = 500, "500 Configuration file 'nodes/lab/qemu-server/"+number+".conf' does not exist"
		}
		if !garbled.Load() || !strings.HasSuffix(path, "/cluster/resources") {
			return nil
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		body = bytes.ReplaceAll(body, []byte(`"vmid":`+number), []byte(`"vmid":"?"`))
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		r.Header.Set("Content-Length", strconv.Itoa(len(body)))
		return nil
	})
	destroy := w.plan("one", plan.GoalDestroy)
	if len(destroy.Program.Steps) == 0 {
		t.Fatal("nothing to destroy")
	}
	garbled.Store(true)
	if f := hostFacts(t, w.observe(w.compile("one")), "lab"); f.Presence != plan.Unknown || !strings.Contains(f.Error, "cannot be") {
		t.Errorf("the host is %v: %q", f.Presence, f.Error)
	}
	hidden.Store(true)
	if r := w.run(destroy, apply.Options{}); r.Outcome == apply.Done || !strings.Contains(tell(r), "cannot be") {
		t.Errorf("the outcome is %q\n%s", r.Outcome, tell(r))
	}
	garbled.Store(false)
	hidden.Store(false)
	w.must(destroy, apply.Done)
	if got := w.guests(); len(got) > 0 {
		t.Errorf("left: %v", got)
	}
}
