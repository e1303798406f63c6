package pve

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/homestak/homestak/plan"
)

// What the library below this package gets wrong, and must not show above it.
// Each test is a row of what users suffered from; golden/reference/demand_test.go
// says which.

// A task that failed is a failure, with the end of its log.
func TestFailedTaskIsAnError(t *testing.T) {
	f := newFake(t)
	c := f.client(t)
	path := "/nodes/pve1/tasks/" + url.PathEscape(string(upid1))
	f.data("GET "+path+"/log", `[{"n":1,"t":"TASK ERROR: clone failed: got timeout"}]`)
	for exit, good := range map[string]bool{"OK": true, "WARNINGS: 2": true, "clone failed: got timeout": false, "unexpected status": false, "": false} {
		f.data("GET "+path+"/status", `{"status":"stopped","exitstatus":"`+exit+`","pid":2936}`)
		err := c.Wait(t.Context(), upid1, nil)
		var failed *TaskError
		if good != (err == nil) || !good && (!errors.As(err, &failed) || failed.Exit != exit || len(failed.LogTail) != 1) {
			t.Errorf("%q: %#v", exit, err)
		}
	}
}

// A write whose result nobody reads fails like any other: whatever the status.
func TestEveryStatusIsSeen(t *testing.T) {
	f := newFake(t)
	c := f.client(t)
	for _, status := range []int{302, 400, 401, 403, 404, 500, 501, 502, 503, 504, 595, 596, 599} {
		refuse := func(w http.ResponseWriter, _ *http.Request) { say(w, status, "no", "") }
		for _, what := range []string{"PUT /nodes/a/qemu/1/unlink", "DELETE /pools/x", "POST /pools", "PUT /pools/x", "DELETE /nodes/a/qemu/1", "POST /nodes/a/qemu/1/agent/ping"} {
			f.on(what, refuse)
		}
		for name, call := range map[string]func() error{
			"unlink":      func() error { return c.UnlinkDisks(t.Context(), "a", 1, "scsi1") },
			"delete pool": func() error { return c.DeletePool(t.Context(), "x") },
			"create pool": func() error { return c.CreatePool(t.Context(), "x", "") },
			"change pool": func() error { return c.SetPoolComment(t.Context(), "x", "") },
			"ping":        func() error { return c.PingAgent(t.Context(), "a", 1) },
			"delete guest": func() error {
				_, err := c.Guest("qemu", "a", 1).Delete(t.Context(), true)
				return err
			},
		} {
			var answer *Error
			if err := call(); !errors.As(err, &answer) || answer.Status != status {
				t.Errorf("%s with %d: %v", name, status, err)
			}
		}
	}
}

// PVE's words survive whatever the status is: which privilege is missing, and why
// a request failed.
func TestWordsSurvive(t *testing.T) {
	f := newFake(t)
	c := f.client(t)
	for _, tc := range []struct {
		status       int
		reason, body string
		words        []string
		class        Class
	}{
		{401, "Authentication failed!", "", []string{"401 Authentication failed!"}, Auth},
		{401, "permission denied - invalid PVE ticket", "", []string{"invalid PVE ticket"}, Auth},
		{403, "Permission check failed (/vms/9, VM.Config.CPU)", `{"data":null,"message":"Permission check failed (/vms/9, VM.Config.CPU)\n"}`, []string{"403", "/vms/9", "VM.Config.CPU"}, Privilege},
		{500, "unable to create VM 9 - no", `{"data":null,"message":"unable to create VM 9 - no\nand the second line\n"}`, []string{"unable to create VM 9", "and the second line"}, Permanent},
		{500, "can't lock file '/var/lock/qemu-server/lock-9.conf' - got timeout", "", []string{"got timeout"}, LockTimeout},
	} {
		f.on("POST /pools", func(w http.ResponseWriter, _ *http.Request) { say(w, tc.status, tc.reason, tc.body) })
		err := c.CreatePool(t.Context(), "x", "")
		for _, w := range tc.words {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%d: %q is not in %v", tc.status, w, err)
			}
		}
		if ClassOf(err) != tc.class {
			t.Errorf("%d %s: class %s", tc.status, tc.reason, ClassOf(err))
		}
	}
}

// A clone names its vmid itself: nobody asks for the next free one, which is
// nobody's until it is used.
func TestCloneNamesItsVMID(t *testing.T) {
	f := newFake(t)
	c := f.client(t)
	f.data("POST /nodes/a/qemu/9000/clone", `"`+string(upid1)+`"`)
	if _, err := c.Guest("qemu", "a", 9000).Clone(t.Context(), 123, true, nil); err != nil {
		t.Fatal(err)
	}
	for _, r := range f.seen() {
		if strings.Contains(r.Path, "nextid") || r.Method == "POST" && !strings.Contains(r.Body, `123`) {
			t.Errorf("%s %s %s", r.Method, r.Path, r.Body)
		}
	}
}

// What is sent and received shows nowhere: passwords and keys are in it.
func TestNothingIsLogged(t *testing.T) {
	f := newFake(t)
	c := f.client(t)
	f.data("POST /nodes/a/qemu/1/config", `"`+string(upid1)+`"`)
	var logged bytes.Buffer
	log.SetOutput(&logged)
	defer log.SetOutput(os.Stderr)
	out, said := captured(t, func() {
		if _, err := c.Guest("qemu", "a", 1).Configure(t.Context(), []plan.KV{{Key: "cipassword", Value: canary}}, nil, "d"); err != nil {
			t.Error(err)
		}
	})
	if out+said+logged.String() != "" {
		t.Errorf("it printed %q, %q, %q", out, said, logged.String())
	}
}

// captured runs something and returns what it wrote to the standard streams.
func captured(t *testing.T, run func()) (stdout, stderr string) {
	t.Helper()
	texts := make([]string, 2)
	streams := []**os.File{&os.Stdout, &os.Stderr}
	var files, old [2]*os.File
	for i, s := range streams {
		file, err := os.CreateTemp(t.TempDir(), "stream")
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		files[i], old[i] = file, *s
		*s = file
	}
	run()
	for i, s := range streams {
		*s = old[i]
		if _, err := files[i].Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(files[i])
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(text)
	}
	return texts[0], texts[1]
}

// A write to a configuration carries the digest that was read.
func TestDigestIsSent(t *testing.T) {
	f := newFake(t)
	c := f.client(t)
	for _, what := range []string{"POST /nodes/a/qemu/1/config", "PUT /nodes/a/lxc/1/config", "PUT /nodes/a/qemu/1/resize", "POST /nodes/a/qemu/1/move_disk"} {
		f.data(what, `null`)
	}
	vm, ct := c.Guest("qemu", "a", 1), c.Guest("lxc", "a", 1)
	for name, call := range map[string]func() (UPID, error){
		"vm": func() (UPID, error) {
			return vm.Configure(t.Context(), []plan.KV{{Key: "cores", Value: "2"}}, nil, "d1ge57")
		},
		"unset": func() (UPID, error) { return vm.Configure(t.Context(), nil, []string{"cores"}, "d1ge57") },
		"ct": func() (UPID, error) {
			return ct.Configure(t.Context(), []plan.KV{{Key: "cores", Value: "2"}}, nil, "d1ge57")
		},
		"resize": func() (UPID, error) { return vm.Resize(t.Context(), "scsi0", 1<<30, "d1ge57") },
		"move":   func() (UPID, error) { return vm.MoveDisk(t.Context(), "scsi0", "data", "d1ge57") },
	} {
		before := len(f.seen())
		if _, err := call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if sent := f.seen()[before]; !strings.Contains(sent.Body, "d1ge57") {
			t.Errorf("%s: %s", name, sent.Body)
		}
	}
}
