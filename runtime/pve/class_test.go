package pve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// Answers as genuine PVE 9.2 gives them.
var answers = []struct {
	status int
	reason string
	fields map[string]string
	want   Class
}{
	{401, "No ticket", nil, Auth},
	{401, "Authentication failed!", nil, Auth},
	{401, "Permission denied - invalid csrf token", nil, Auth},
	{403, "Permission check failed (/vms/100, VM.Config.Memory)", nil, Privilege},
	{403, "Permission check failed (pool 'nopool' does not exist)", nil, Privilege},
	{400, "Parameter verification failed.", map[string]string{"bogus": "property is not defined in schema and the schema does not allow additional properties"}, Permanent},
	{400, "Parameter verification failed.", map[string]string{"vmid": "type check ('integer') failed - got 'abc'"}, Permanent},
	{400, "Parameter verification failed.", map[string]string{"net0": "hotplug problem - error on hot-unplugging device 'net0' - still busy in guest?"}, Permanent},
	{400, "Parameter verification failed.", map[string]string{"vmid": "VM 100 already exists"}, Exists},
	{400, "Parameter verification failed.", map[string]string{"tokenid": "Token already exists."}, Exists},
	{400, "Parameter verification failed.", map[string]string{"storage": "No such storage."}, NotExist},
	{400, "Parameter verification failed.", map[string]string{"upid": "no such task"}, NotExist},
	{501, "Method 'GET /nosuch' not implemented", nil, Permanent},
	{500, "hostname lookup 'nope' failed - failed to get address info for: nope: Temporary failure in name resolution", nil, Permanent},
	{500, "unable to create VM 100 - VM 100 already exists on node 'pve1'", nil, Exists},
	{500, "unable to create VM 110: config file already exists", nil, Exists},
	{500, "create pool failed: pool 'prod' already exists", nil, Exists},
	{500, "create storage failed: storage ID 'data' already defined", nil, Exists},
	{500, "create user failed: user 'test@pve' already exists", nil, Exists},
	{500, "Configuration file 'nodes/pve1/qemu-server/999.conf' does not exist", nil, NotExist},
	{500, "unable to find configuration file for VM 110 on node 'pve1'", nil, NotExist},
	{500, "storage 'nope' does not exist", nil, NotExist},
	{500, "delete pool failed: pool 'nopool' does not exist", nil, NotExist},
	{500, "no such cluster node 'nosuchnode'", nil, NotExist},
	{500, "checksum mismatch (file change by other user?)", nil, Digest},
	{500, "detected modified configuration - file changed by other user? Try again.", nil, Digest},
	{500, "VM is locked (backup)", nil, Locked},
	{500, "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout", nil, LockTimeout},
	{500, "cfs-lock 'storage-local' error: got lock request timeout", nil, LockTimeout},
	{500, "cluster not ready - no quorum?", nil, Transient},
	{500, "QEMU guest agent is not running", nil, NoAgent},
	{500, "VM 100 is not running", nil, Permanent},
	{500, "VM 100 is running - destroy failed", nil, Permanent},
	{500, "can't remove VM 100 - protection mode enabled", nil, Permanent},
	{500, "only root can set 'args' config", nil, Permanent},
	{500, "no options specified", nil, Permanent},
	{500, "delete pool failed: pool 'jsonpool' is not empty (contains VM 100)", nil, Permanent},
	{506, "upload 'Content-Type 'text/plain' not implemented", nil, Permanent},
	{595, "No route to host", nil, Proxy},
	{596, "Broken pipe", nil, Proxy},
	{596, "tls_process_server_certificate: certificate verify failed", nil, Proxy},
	{599, "Too many redirections", nil, Proxy},
	{502, "Bad Gateway", nil, Proxy},
	{503, "Service Unavailable", nil, Proxy},
	{504, "Gateway Timeout", nil, Proxy},
	{404, "Not Found", nil, Permanent},
	{301, "Moved Permanently", nil, Permanent},
	{429, "Too Many Requests", nil, Transient},
}

// Every answer must arrive as an *Error with PVE's words and the right class, by
// every verb, with and without a decoded result, and with an empty body as well:
// the library underneath loses most of them.
func TestAnswersKeepTheirWordsAndClass(t *testing.T) {
	f := newFake(t)
	c := f.client(t)
	for _, a := range answers {
		message, _ := json.Marshal(map[string]any{"data": nil, "message": a.reason + "\n", "errors": a.fields})
		bodies := []string{string(message)}
		if a.fields == nil {
			bodies = append(bodies, "", "<html>")
		}
		for _, body := range bodies {
			reply := func(w http.ResponseWriter, _ *http.Request) { say(w, a.status, a.reason, body) }
			for _, verb := range []string{"GET", "PUT", "POST", "DELETE"} {
				f.on(verb+" /x", reply)
			}
			var v struct{}
			for what, err := range map[string]error{
				"GET":      c.read(t.Context(), "/x", nil, &v),
				"GET nil":  c.read(t.Context(), "/x", nil, nil),
				"PUT nil":  c.write(t.Context(), "PUT", "/x", map[string]string{}, nil),
				"POST":     c.write(t.Context(), "POST", "/x", map[string]string{}, &v),
				"POST nil": c.write(t.Context(), "POST", "/x", nil, nil),
				"DELETE":   c.remove(t.Context(), "/x", nil, nil),
			} {
				e, ok := err.(*Error)
				if !ok {
					t.Errorf("%s %d %s: got %T %v", what, a.status, a.reason, err, err)
					continue
				}
				if e.Status != a.status || e.Reason != a.reason || e.Body != "" || len(e.Fields) != len(a.fields) ||
					e.Path != "/x" || e.Host != "father" || !strings.HasPrefix(what, e.Method) {
					t.Errorf("%s: %+v", what, e)
				}
				if got := ClassOf(fmt.Errorf("wrapped: %w", err)); got != a.want {
					t.Errorf("%s %d %s %v: class %s, want %s", what, a.status, a.reason, a.fields, got, a.want)
				}
				text := shown(t, err)
				for _, words := range a.fields {
					if !strings.Contains(text, words) {
						t.Errorf("PVE's %q is lost", words)
					}
				}
			}
		}
	}
}

func TestLongMessageIsKept(t *testing.T) {
	f := newFake(t)
	f.on("GET /x", func(w http.ResponseWriter, _ *http.Request) {
		say(w, 500, "first line", `{"message":"first line\nsecond line\n","data":null}`)
	})
	err := f.client(t).read(t.Context(), "/x", nil, nil)
	if e, ok := err.(*Error); !ok || e.Body != "first line\nsecond line" {
		t.Errorf("%#v", err)
	}
}

func TestClassOfEverythingElse(t *testing.T) {
	for _, c := range []struct {
		err  error
		want Class
	}{
		{nil, OK},
		{&TaskError{UPID: upid1, Exit: "unable to create VM 100 - VM 100 already exists on node 'pve1'"}, Exists},
		{&TaskError{UPID: upid1, Exit: "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout"}, LockTimeout},
		{&TaskError{UPID: upid1, Exit: "VM is locked (clone)"}, Locked},
		{&TaskError{UPID: upid1, Exit: "Configuration file 'nodes/pve1/qemu-server/1.conf' does not exist"}, NotExist},
		{&TaskError{UPID: upid1, Exit: "VM 100 already running"}, Permanent},
		{&TaskError{UPID: upid1, Exit: "start failed: QEMU exited with code 1"}, Permanent},
		{&ConnError{Err: errors.New("connection refused")}, Unreachable},
		{&ConnError{Err: context.DeadlineExceeded}, Unreachable},
		{&ConnError{Err: context.Canceled}, Canceled},
		{&ConnError{Err: &ViaError{Status: 401, Err: errors.New("401")}}, Auth},
		{&ConnError{Err: &ViaError{Status: 403, Err: errors.New("403")}}, Privilege},
		{&ConnError{Err: &ViaError{Err: &CertError{Pinned: "a", Served: "b"}}}, Certificate},
		{&ViaError{Status: 502, Err: errors.New("502")}, Unreachable},
		{&CertError{Pinned: "a", Served: "b"}, Certificate},
		{&WaitError{UPID: upid1, Err: context.DeadlineExceeded}, StillRuns},
		{&WaitError{UPID: upid1, Err: context.Canceled}, Canceled},
		{&FormatError{Err: errors.New("not JSON")}, Permanent},
		{context.DeadlineExceeded, Unreachable},
		{errors.New("anything"), Permanent},
	} {
		if got := ClassOf(c.err); got != c.want {
			t.Errorf("%v: %s, want %s", c.err, got, c.want)
		}
		if c.err != nil {
			shown(t, c.err)
		}
	}
	for c := OK; c <= Canceled; c++ {
		if c.String() == "" {
			t.Errorf("class %d has no name", c)
		}
	}
	if Permanent.Retry() || Auth.Retry() || Digest.Retry() || !Proxy.Retry() || !LockTimeout.Retry() || !Unreachable.Retry() {
		t.Error("Retry is wrong")
	}
}
