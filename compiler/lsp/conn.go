package lsp

import (
	"encoding/json"
	"io"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/creachadair/jrpc2/channel"
)

// conn is the two streams, as messages. Sending is for any goroutine, receiving
// for one.
type conn struct {
	ch channel.Channel

	closed atomic.Bool

	mu      sync.Mutex
	lost    error // the first failure to write; nothing is written after it
	asked   int64
	pending map[string]func(*message) // requests of ours, by id
}

func newConn(in io.Reader, out io.Writer) *conn {
	return &conn{ch: channel.LSP(newGuard(in), unclosed{out}), pending: map[string]func(*message){}}
}

// unclosed keeps the channel from closing what belongs to the caller.
type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }

// receive waits for a message. An error of the second kind is the editor's, and
// answered; one of the third ends the stream.
func (c *conn) receive() (*message, *rpcError, error) {
	text, err := c.ch.Recv()
	if err != nil {
		return nil, nil, err
	}
	m, bad := parseMessage(text)
	return m, bad, nil
}

func (c *conn) send(o outgoing) {
	o.Version = "2.0"
	text, err := json.Marshal(o)
	if err != nil { // not of anything the types here can hold
		text, _ = json.Marshal(outgoing{Version: "2.0", ID: o.ID, Error: failure(codeInternal, "the answer cannot be written")})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost == nil && !c.closed.Load() {
		c.lost = c.ch.Send(text)
	}
}

// answer sends the result of a request, or why there is none.
func (c *conn) answer(id json.RawMessage, result any, bad *rpcError) {
	if bad != nil {
		c.send(outgoing{ID: id, Error: bad})
		return
	}
	text, err := json.Marshal(result)
	if err != nil {
		c.send(outgoing{ID: id, Error: failure(codeInternal, "the answer cannot be written")})
		return
	}
	c.send(outgoing{ID: id, Result: text})
}

// refuse answers a message so malformed that its id is not known.
func (c *conn) refuse(id json.RawMessage, bad *rpcError) {
	if id == nil {
		id = json.RawMessage("null")
	}
	c.send(outgoing{ID: id, Error: bad})
}

func (c *conn) notify(method string, params any) { c.send(outgoing{Method: method, Params: params}) }

// request asks the editor. done gets the answer on the goroutine that receives;
// it must not wait for anything.
func (c *conn) request(method string, params any, done func(*message)) {
	c.mu.Lock()
	c.asked++
	id := `"homestak-` + strconv.FormatInt(c.asked, 10) + `"`
	c.pending[id] = done
	c.mu.Unlock()
	c.send(outgoing{ID: json.RawMessage(id), Method: method, Params: params})
}

// answered passes an answer to whoever asked; one that nobody waits for is
// dropped.
func (c *conn) answered(m *message) {
	c.mu.Lock()
	done := c.pending[string(m.id)]
	delete(c.pending, string(m.id))
	c.mu.Unlock()
	if done != nil {
		done(m)
	}
}

// close lets nothing more out. It does not wait for what is being written.
func (c *conn) close() { c.closed.Store(true) }
