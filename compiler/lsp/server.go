package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// Config is what the server needs to know of the world around it.
type Config struct {
	Version string
	// Site is the root of the site that a directory is in, found upwards from it.
	Site func(dir string) (root string, ok bool)
	// Library is a directory for copies of the library's files, which is made
	// when the first of them is shown; "" when there can be none.
	Library string
	// Alive says whether a process is there. The editor's is asked for now and
	// then; without this function it is taken to live as long as its stream.
	Alive func(pid int) bool
}

// Exit codes, as the protocol has them.
const (
	exitClean   = 0 // the editor shut the server down before it left
	exitUnclean = 1
)

// aliveEvery is how often the editor's process is looked for.
const aliveEvery = 5 * time.Second

// Serve speaks with one editor until it says exit, its stream or process ends,
// or ctx does. The result is the exit code of the process.
func Serve(ctx context.Context, in io.Reader, out io.Writer, c Config) int {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &server{
		config: c, conn: newConn(in, out), client: &client{encoding: utf16, library: library(c.Library)},
		calls: map[string]*call{}, slots: make(chan struct{}, maxBusy),
	}
	s.workspace = newWorkspace(s)
	defer s.close()
	return s.serve(ctx)
}

// client is what is known of the editor. It does not change after initialize.
type client struct {
	can      clientCapabilities
	encoding encoding
	library  library
	pid      int
}

// phase of a server's life.
type phase uint8

const (
	fresh   phase = iota // nothing but initialize is answered
	running              // initialized
	stopped              // shutdown was asked for
)

// server is one conversation. Its fields belong to the goroutine of serve, but
// for conn, which is for all, and what mu guards.
type server struct {
	config    Config
	conn      *conn
	client    *client
	workspace *workspace
	phase     phase
	slots     chan struct{} // requests that may be worked on at once

	mu    sync.Mutex
	calls map[string]*call // unanswered, by id
}

// call is a request that is being worked on.
type call struct{ cancel context.CancelFunc }

// received is what the stream gave.
type received struct {
	message *message
	bad     *rpcError
	err     error
}

var errExit = errors.New("exit")

func (s *server) serve(ctx context.Context) int {
	stream := make(chan received)
	go func() {
		for {
			m, bad, err := s.conn.receive()
			select {
			case stream <- received{m, bad, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	tick := time.NewTicker(aliveEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return exitUnclean
		case <-tick.C:
			if s.client.pid > 0 && s.config.Alive != nil && !s.config.Alive(s.client.pid) {
				return exitUnclean
			}
		case r := <-stream:
			if r.err != nil || s.handle(ctx, r) == errExit {
				if s.phase == stopped {
					return exitClean
				}
				return exitUnclean
			}
		}
	}
}

// close ends everything. What is still being worked on is not waited for: its
// results go nowhere.
func (s *server) close() {
	s.conn.close()
	s.workspace.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.calls {
		c.cancel()
	}
}

// handle does what a message says, or begins to. A bug that shows itself as a
// panic costs one message.
func (s *server) handle(ctx context.Context, r received) (end error) {
	m := r.message
	defer func() {
		if p := recover(); p != nil {
			s.broken(m.method, p)
			if m.isRequest() {
				s.conn.answer(m.id, nil, bug)
			}
		}
	}()
	switch {
	case r.bad != nil:
		s.conn.refuse(m.id, r.bad)
	case m.isResponse():
		s.conn.answered(m)
	case m.isRequest():
		s.request(ctx, m)
	case m.method == "exit":
		return errExit
	case s.phase == running:
		s.notification(m)
	}
	return nil
}

var bug = failure(codeInternal, "homestak failed in a way nobody foresaw; the log of the server has more")

func (s *server) broken(doing string, p any) {
	s.log(1, fmt.Sprintf("homestak failed at %s, which is a bug; please report it: %v\n%s", doing, p, debug.Stack()))
}

func (s *server) log(kind int, text string) {
	s.conn.notify("window/logMessage", logParams{kind, text})
}

// request answers what changes the server at once, and has everything else
// worked on elsewhere.
func (s *server) request(ctx context.Context, m *message) {
	switch {
	case s.phase == fresh && m.method == "initialize":
		s.initialize(m)
	case s.phase == fresh:
		s.conn.answer(m.id, nil, failure(codeNotInitialized, "the first request is initialize"))
	case s.phase == stopped:
		s.conn.answer(m.id, nil, failure(codeInvalidRequest, "the server was shut down"))
	case m.method == "initialize":
		s.conn.answer(m.id, nil, failure(codeInvalidRequest, "the server is initialized already"))
	case m.method == "shutdown":
		s.phase = stopped
		s.workspace.close()
		s.conn.answer(m.id, nil, nil)
	default:
		prepare, ok := requests()[m.method]
		if !ok {
			s.conn.answer(m.id, nil, failure(codeNoMethod, "there is no method %q", shortened(m.method)))
			return
		}
		job, bad := prepare(s, m.params)
		if bad != nil {
			s.conn.answer(m.id, nil, bad)
			return
		}
		s.begin(ctx, m, job)
	}
}

// job works out the answer to a request.
type job func(ctx context.Context) (any, *rpcError)

// maxBusy requests are worked on at once; one may wait for a site to be read.
const maxBusy = 16

// maxCalls is more than any editor asks for at once.
const maxCalls = 1000

// begin works on a request beside everything else.
func (s *server) begin(ctx context.Context, m *message, j job) {
	ctx, cancel := context.WithCancel(ctx)
	id := string(m.id)
	s.mu.Lock()
	_, twice := s.calls[id]
	full := len(s.calls) >= maxCalls
	if !twice && !full {
		s.calls[id] = &call{cancel}
	}
	s.mu.Unlock()
	if twice || full {
		cancel()
		s.conn.answer(m.id, nil, failure(codeInvalidRequest, "a request of this id, or too many others, are unanswered"))
		return
	}
	go func() {
		defer cancel()
		result, bad := s.work(ctx, m.method, j)
		if s.take(id) != nil {
			s.conn.answer(m.id, result, bad)
		}
	}()
}

func (s *server) work(ctx context.Context, method string, j job) (result any, bad *rpcError) {
	defer func() {
		if p := recover(); p != nil {
			s.broken(method, p)
			result, bad = nil, bug
		}
	}()
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return nil, cancelled
	}
	return j(ctx)
}

var cancelled = failure(codeCancelled, "cancelled")

// take makes the caller the one who answers a request; nil when another did.
func (s *server) take(id string) *call {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.calls[id]
	delete(s.calls, id)
	return c
}

// cancel answers a request at once; whoever works on it learns that nobody
// waits.
func (s *server) cancel(p cancelParams) {
	if c := s.take(string(p.ID)); c != nil {
		c.cancel()
		s.conn.answer(p.ID, nil, cancelled)
	}
}

// notification does what a notification says. One that cannot be understood is
// logged: there is nobody to answer to.
func (s *server) notification(m *message) {
	do, ok := notifications()[m.method]
	if !ok {
		return
	}
	if bad := do(s, m.params); bad != nil {
		s.log(2, m.method+": "+bad.Message)
	}
}

// decode reads parameters.
func decode[P any](raw json.RawMessage) (p P, bad *rpcError) {
	if raw == nil {
		return p, nil
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return p, failure(codeParams, "the parameters cannot be read: %v", err)
	}
	return p, nil
}

// shortened keeps what an editor sent from filling a log.
func shortened(text string) string {
	const most = 100
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}

// initialize takes what the editor can, and says what the server can.
func (s *server) initialize(m *message) {
	p, bad := decode[initializeParams](m.params)
	if bad != nil {
		s.conn.answer(m.id, nil, bad)
		return
	}
	c := s.client
	c.can = p.Capabilities
	if slices.Contains(p.Capabilities.General.PositionEncodings, utf8) {
		c.encoding = utf8
	}
	if p.ProcessID != nil {
		c.pid = int(*p.ProcessID)
	}
	s.phase = running
	s.conn.answer(m.id, initializeResult{s.abilities(), serverInfo{"homestak", s.config.Version}}, nil)
	s.workspace.begin(p)
}

func (s *server) abilities() serverCapabilities {
	a := serverCapabilities{
		PositionEncoding:           s.client.encoding,
		TextDocumentSync:           syncOptions{OpenClose: true, Change: 2, Save: true},
		CompletionProvider:         completionOptions{TriggerCharacters: []string{":", " ", "\"", ".", "{", "[", "=", "/"}},
		HoverProvider:              true,
		DefinitionProvider:         true,
		ReferencesProvider:         true,
		DocumentHighlightProvider:  true,
		DocumentSymbolProvider:     true,
		WorkspaceSymbolProvider:    true,
		FoldingRangeProvider:       true,
		DocumentFormattingProvider: true,
		RenameProvider:             renameOptions{PrepareProvider: true},
		CodeActionProvider:         codeActionOptions{[]string{kindQuickFix, kindFixAll}},
	}
	a.Workspace.WorkspaceFolders.Supported = true
	a.Workspace.WorkspaceFolders.ChangeNotifications = true
	return a
}
