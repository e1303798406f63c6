package lsp

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
)

// prepare takes a request's parameters, and the state as it is when the request
// arrives. What it returns may run beside everything else.
type prepare func(*server, json.RawMessage) (job, *rpcError)

// requests are the methods that do not change the server.
func requests() map[string]prepare {
	return map[string]prepare{
		"textDocument/completion":        ask(complete),
		"textDocument/hover":             ask(explain),
		"textDocument/definition":        ask(define),
		"textDocument/references":        ask(refer),
		"textDocument/documentHighlight": ask(mark),
		"textDocument/prepareRename":     ask(prepareRename),
		"textDocument/rename":            ask(rename),
		"textDocument/documentSymbol":    ask(outline),
		"workspace/symbol":               ask(findSymbols),
		"textDocument/foldingRange":      ask(fold),
		"textDocument/formatting":        ask(format),
		"textDocument/codeAction":        ask(act),
	}
}

func ask[P any](begin func(*server, P) job) prepare {
	return func(s *server, raw json.RawMessage) (job, *rpcError) {
		p, bad := decode[P](raw)
		if bad != nil {
			return nil, bad
		}
		return begin(s, p), nil
	}
}

// notifications are what an editor tells.
func notifications() map[string]func(*server, json.RawMessage) *rpcError {
	return map[string]func(*server, json.RawMessage) *rpcError{
		"initialized":                         tell((*server).initialized),
		"textDocument/didOpen":                tell((*server).opened),
		"textDocument/didChange":              tell((*server).changed),
		"textDocument/didClose":               tell((*server).closed),
		"textDocument/didSave":                tell((*server).saved),
		"workspace/didChangeWatchedFiles":     tell((*server).changedOnDisk),
		"workspace/didChangeWorkspaceFolders": tell((*server).changedFolders),
		"$/cancelRequest":                     tell((*server).cancelled),
	}
}

func tell[P any](do func(*server, P) *rpcError) func(*server, json.RawMessage) *rpcError {
	return func(s *server, raw json.RawMessage) *rpcError {
		p, bad := decode[P](raw)
		if bad != nil {
			return bad
		}
		return do(s, p)
	}
}

// initialized asks the editor to watch files, if it can: some are changed by
// others.
func (s *server) initialized(struct{}) *rpcError {
	if !s.client.can.Workspace.DidChangeWatchedFiles.DynamicRegistration {
		return nil
	}
	var watch watchOptions
	for _, glob := range []string{"**/*.{yaml,yml,hcl}", "**/secrets.lock", "**/secrets.yaml.{age,enc}"} {
		watch.Watchers = append(watch.Watchers, watcher{glob})
	}
	s.conn.request("client/registerCapability", registrationParams{[]registration{
		{"watch", "workspace/didChangeWatchedFiles", watch},
	}}, func(*message) {})
	return nil
}

func (s *server) opened(p openParams) *rpcError {
	d := p.TextDocument
	if d.Text == nil || d.URI == "" {
		return failure(codeParams, "a document has a uri and a text")
	}
	path, _ := pathOf(d.URI)
	s.workspace.put(&document{uri: d.URI, path: path, kind: d.LanguageID, version: d.Version, text: newText(*d.Text)})
	return nil
}

func (s *server) changed(p changeParams) *rpcError {
	doc := s.workspace.docs[p.TextDocument.URI]
	if doc == nil {
		return failure(codeParams, "%q is not open", shortened(p.TextDocument.URI))
	}
	version := doc.version
	if v := p.TextDocument.Version; v != nil {
		version = *v
	}
	s.workspace.replace(doc.changed(p.ContentChanges, version, s.client.encoding))
	return nil
}

func (s *server) closed(p documentParams) *rpcError {
	if s.workspace.docs[p.TextDocument.URI] == nil {
		return failure(codeParams, "%q is not open", shortened(p.TextDocument.URI))
	}
	delete(s.workspace.docs, p.TextDocument.URI)
	s.workspace.arrange()
	return nil
}

// saved, like every other sign of a change on disk, looks at everything again: a
// file may have made a directory a site.
func (s *server) saved(documentParams) *rpcError {
	s.workspace.arrange()
	return nil
}

func (s *server) changedOnDisk(struct{}) *rpcError {
	s.workspace.arrange()
	return nil
}

func (s *server) changedFolders(p foldersParams) *rpcError {
	s.workspace.changeFolders(p)
	return nil
}

func (s *server) cancelled(p cancelParams) *rpcError {
	s.cancel(p)
	return nil
}

// place is what a request about a document is about. What it needs of the
// server is taken when the request arrives.
type place struct {
	*client
	doc  *document // nil when the editor does not have it open
	site *site     // nil when it is in none
	name string    // in the site
	open map[string]*document
}

func (s *server) place(id documentID) place {
	p := place{client: s.client, doc: s.workspace.docs[id.URI]}
	path, ok := pathOf(id.URI)
	if !ok {
		return p
	}
	if p.doc != nil {
		p.site, p.name = s.workspace.siteOf(p.doc)
	} else if root, ok := s.config.Site(filepath.Dir(path)); ok && s.workspace.sites[root] != nil {
		p.site = s.workspace.sites[root]
		p.name, _ = p.site.name(path)
	}
	if hidden(p.name) {
		p.site = nil
	}
	if p.site != nil {
		p.open, _ = p.site.now()
	}
	return p
}

// hidden says whether a file, or a directory above it, has a name that begins
// with a dot: such files are other programs', also those in YAML.
func hidden(name string) bool { return strings.HasPrefix(name, ".") || strings.Contains(name, "/.") }

// look is the state of the place's site, nil without one, and the text of its
// file.
func (p place) look() (teller, *text) { return p.lookAt((*site).load) }

func (p place) lookAt(state func(*site, map[string]*document) *state) (teller, *text) {
	if p.site == nil {
		return teller{}, nil
	}
	st := state(p.site, p.open)
	if st == nil {
		return teller{}, nil
	}
	if st.news { // perhaps of the disk, which nobody else may notice
		p.site.nudge()
	}
	t := teller{st, p.client}
	if p.doc != nil {
		return t, p.doc.text
	}
	return t, st.textNamed(p.name)
}

// about answers a request about a position with what f says of it; with null
// when there is no such place in a site.
func about(p place, at position, f func(t teller, offset int) (any, *rpcError)) job {
	return func(context.Context) (any, *rpcError) {
		t, text := p.look()
		if text == nil {
			return nil, nil
		}
		return f(t, text.offset(at, p.encoding))
	}
}

// isSecret says whether a file holds values that nobody is shown.
func isSecret(name string) bool { return strings.HasPrefix(filepath.Base(name), "secrets.yaml") }
