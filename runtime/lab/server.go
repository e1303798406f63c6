package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// handler runs a method. Its result is what goes under "data"; an error that is
// no *fault answers 500 with its text.
type handler func(*call) (any, error)

// call is one request on its way to a handler: authorized, routed, checked.
type call struct {
	*Lab
	ctx    context.Context
	local  string // the node that was asked
	who    identity
	method *method
	params map[string]string
	upload *upload // of a multipart request
}

// fault is an answer that is not 200.
type fault struct {
	status int
	reason string
	fields map[string]string // parameter → text
}

func (f *fault) Error() string { return f.reason }

func errorf(status int, reason string) error { return &fault{status: status, reason: reason} }

// badParam is PVE's parameter verification failure.
func badParam(name, text string) error {
	return &fault{400, "Parameter verification failed.", map[string]string{name: text}}
}

// page is a result with its total beside it.
type page struct {
	data  any
	total int
}

// changed is a result with a text about changes that wait beside it.
type changed struct {
	data    any
	changes string
}

func (c *call) str(name string) string { return c.params[name] }
func (c *call) has(name string) bool   { _, ok := c.params[name]; return ok }
func (c *call) flag(name string) bool  { return c.params[name] == "1" }
func (c *call) vmid() uint             { return uint(c.number("vmid", 0)) }
func (c *call) node() string { // of the path, else the one that was asked
	if n := c.params["node"]; n != "" {
		return n
	}
	return c.local
}

func (c *call) flagOr(n string, d bool) bool {
	if !c.has(n) {
		return d
	}
	return c.flag(n)
}

func (c *call) number(name string, absent int64) int64 {
	n, err := strconv.ParseInt(c.params[name], 10, 64)
	if err != nil {
		return absent
	}
	return n
}

// request is a call that is not yet checked.
type request struct {
	verb, path string // path unescaped, below /api2/json
	params     []KV
	upload     *upload
}

// run takes a request through routing, permissions, the node and parameter
// checks, in PVE's order, to its handler.
func (l *Lab) run(ctx context.Context, local string, who identity, q request) (any, error) {
	m, inPath := api().find(q.verb, q.path)
	if m == nil {
		return nil, errorf(501, "Method '"+q.verb+" "+q.path+"' not implemented")
	}
	c := &call{Lab: l, ctx: ctx, local: local, who: who, method: m, params: map[string]string{}, upload: q.upload}
	for _, kv := range q.params {
		c.params[kv.Key] = kv.Value
	}
	for k, v := range inPath {
		c.params[k] = v
	}
	if err := c.allow(m.perm); err != nil {
		return nil, err
	}
	if node, ok := inPath["node"]; ok && strings.HasPrefix(m.path, "/nodes/") {
		if node == "localhost" {
			inPath["node"] = local
		} else if node != local {
			if err := l.reach(ctx, node); err != nil {
				return nil, err
			}
		}
	}
	given := make([]KV, 0, len(q.params)+len(inPath))
	for _, kv := range q.params {
		if _, twice := inPath[kv.Key]; !twice {
			given = append(given, kv)
		}
	}
	for _, k := range sortedKeys(inPath) {
		given = append(given, KV{k, inPath[k]})
	}
	values, faults := api().check(m.params, given)
	if faults != nil {
		return nil, &fault{400, "Parameter verification failed.", faults}
	}
	c.params = values
	return l.handlers[m.verb+" "+m.path](c)
}

// serveHTTP answers one request of a client.
func (l *Lab) serveHTTP(ctx context.Context, node string, r *http.Request) answer {
	began := l.now()
	switch {
	case r.Method == http.MethodConnect:
		return l.serveConnect(ctx, node, r)
	case r.URL.Path == FaultsPath:
		return l.serveFaults(r)
	}
	format, path, ok := splitAPI(r.URL)
	if !ok {
		return answer{status: 404, reason: "no such file '" + r.URL.Path + "'"}
	}
	entry := Entry{
		Time: began, Kind: "request", Method: r.Method, Path: path, Run: r.Header.Get(RunHeader),
		Write: r.Method != http.MethodGet && r.Method != http.MethodHead,
	}
	bad := l.meet(ctx, node, r, path)
	entry.Fault = bad.String()
	if a := bad.instead(format); a != nil {
		entry.Status = a.status
		l.log.request(entry, l.now())
		return *a
	}
	if m := l.joined(); m != nil && !l.ownTask(ctx, m, r, path) {
		a := l.forward(ctx, m, r)
		entry.Status = a.status
		l.log.request(entry, l.now())
		return a
	}
	who, err := identity{}, error(nil)
	member, root := l.fromMember(r.Header)
	if member != "" {
		node = member
	}
	switch {
	case root, l.joined() != nil: // let in by the cluster
		who = identity{user: rootUser, all: true}
	case !openMethod(r.Method, path):
		who, err = l.authenticate(ctx, r, r.Header.Get("Authorization"))
	}
	if err != nil {
		entry.Status = 401
		l.log.request(entry, l.now())
		return answer{status: 401, reason: err.Error()}
	}
	entry.User = who.String()
	var data any
	q := request{verb: r.Method, path: path}
	if q.params, q.upload, err = l.readParams(r); err == nil {
		data, err = l.run(bad.in(ctx), node, who, q)
	}
	q.upload.discard()
	a := bad.afterwards(format, encode(format, data, err))
	entry.Status = a.status
	l.log.request(entry, l.now())
	return a
}

// splitAPI cuts /api2/FORMAT off a path.
func splitAPI(u *url.URL) (format, path string, ok bool) {
	rest, ok := strings.CutPrefix(u.Path, "/api2/")
	if !ok {
		return "", "", false
	}
	format, path, _ = strings.Cut(rest, "/")
	return format, "/" + strings.Trim(path, "/"), format == "json" || format == "extjs"
}

// encode makes PVE's envelope of a result.
func encode(format string, data any, err error) answer {
	a := answer{status: 200, reason: "OK", header: [][2]string{{"Content-Type", "application/json;charset=UTF-8"}}}
	body := map[string]any{"data": data}
	if p, ok := data.(page); ok {
		body["data"], body["total"] = p.data, p.total
	}
	if p, ok := data.(changed); ok {
		body["data"], body["changes"] = p.data, p.changes
	}
	if err != nil {
		f := &fault{status: 500, reason: err.Error()}
		errors.As(err, &f)
		a.status, a.reason = f.status, oneLine(f.reason)
		if emptyBody(f.status) {
			return answer{status: a.status, reason: a.reason} // the proxy's own, with nothing in it
		}
		body["data"], body["message"] = nil, f.reason
		if f.status != 501 {
			body["message"] = strings.TrimSuffix(f.reason, "\n") + "\n"
		}
		if f.fields != nil {
			body["errors"] = f.fields
		}
	}
	if format == "extjs" {
		body["status"], body["success"] = a.status, 1
		if err != nil {
			body["success"] = 0
		}
		a.status, a.reason = 200, "OK"
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return answer{status: 500, reason: "cannot encode the answer: " + err.Error()}
	}
	a.body = bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	return a
}

// Do runs a request as root@pam in process, as pvesh does on a PVE host. The
// path begins with "/" and has no /api2/json. Data is what the API has under
// "data"; when status is not 200, reason is PVE's message, with its texts by
// parameter on lines of their own ("vmid: …").
func (l *Lab) Do(ctx context.Context, verb, path string, params []KV) (status int, data any, reason string) {
	if m := l.joined(); m != nil {
		return l.forwardDo(ctx, m, verb, path, params)
	}
	began := l.now()
	who := identity{user: "root@pam", all: true}
	q := request{verb: verb, path: "/" + strings.Trim(path, "/"), params: params}
	data, err := l.run(ctx, l.cfg.Node, who, q)
	switch p := data.(type) {
	case page:
		data = p.data
	case changed:
		data = p.data
	}
	status = 200
	if err != nil {
		f := &fault{status: 500, reason: err.Error()}
		errors.As(err, &f)
		status, data, reason = f.status, nil, strings.TrimSuffix(f.reason, "\n")
		for _, k := range sortedKeys(f.fields) {
			reason += "\n" + k + ": " + strings.TrimSuffix(f.fields[k], "\n")
		}
	}
	l.log.request(Entry{
		Time: began, Kind: "request", Method: verb, Path: q.path, User: who.String(),
		Write: verb != http.MethodGet, Status: status,
	}, l.now())
	return status, data, reason
}
