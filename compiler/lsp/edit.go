package lsp

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/diag"
	formatter "github.com/homestak/homestak/lang/format"
	"github.com/homestak/homestak/lang/source"
)

// extensions of documents that have no file yet, by the editor's word for their
// language.
var extensions = map[string]string{"yaml": ".yaml", "hcl": ".hcl", "terraform": ".hcl", "homestak": ".hcl"}

// format brings a document into its one form. One with errors is left alone; its
// findings say why. So is a file of no site: an editor that formats what it
// saves would change other programs' files.
func format(s *server, p documentParams) job {
	at := s.place(p.TextDocument)
	return func(context.Context) (any, *rpcError) {
		if at.doc == nil {
			return nil, failure(codeFailed, "the document is not open")
		}
		name := at.doc.path
		if name != "" && at.site == nil {
			return nil, nil
		}
		if !lang.Known(name) {
			name = "document" + extensions[at.doc.kind]
		}
		if !lang.Known(name) {
			return nil, nil
		}
		f := source.NewFile(path.Base(name), []byte(at.doc.text.body))
		f.Secret = isSecret(name)
		out, found := formatter.Source(f)
		if found.HasErrors() {
			return nil, nil
		}
		return textEdits(at.doc.text, string(out), at.encoding), nil
	}
}

// textEdits makes one text of another.
func textEdits(from *text, to string, e encoding) []textEdit {
	out := []textEdit{}
	for _, r := range difference(from.body, to) {
		out = append(out, textEdit{from.span(r.start, r.end, e), r.text})
	}
	return out
}

// Kinds of code actions.
const (
	kindQuickFix = "quickfix"
	kindFixAll   = "source.fixAll"
)

// act offers the fixes of the findings in a range, and one action that makes all
// those of the document, as `homestak validate --fix` would.
func act(s *server, p codeActionParams) job {
	at := s.place(p.TextDocument)
	return func(ctx context.Context) (any, *rpcError) {
		out := []codeAction{}
		t, text := at.look()
		if text == nil {
			return out, nil
		}
		list, ok := at.site.check(t.state, ctx.Done())
		if !ok {
			return nil, cancelled
		}
		start, end := text.offset(p.Range.Start, at.encoding), text.offset(p.Range.End, at.encoding)
		if wants(p.Context.Only, kindQuickFix) {
			for _, d := range list {
				if d.Range.File != nil && d.Range.File.Name == at.name && int(d.Range.Start) <= end && start <= int(d.Range.End) {
					out = append(out, t.fixes(d)...)
				}
			}
		}
		if wants(p.Context.Only, kindFixAll) {
			if all := t.fixAll(list, at.name); all != nil {
				out = append(out, *all)
			}
		}
		return out, nil
	}
}

// wants says whether actions of a kind, or of one above it, were asked for.
func wants(only []string, kind string) bool {
	return len(only) == 0 || slices.ContainsFunc(only, func(o string) bool {
		return o == "" || o == kind || strings.HasPrefix(kind, o+".")
	})
}

// fixes are a finding's, the first of them the preferred one.
func (t teller) fixes(d *diag.Diagnostic) []codeAction {
	var out []codeAction
	for i, fix := range d.Fixes {
		edit, bad := t.workspaceEdit(fix.Edits, nil)
		if bad != nil || slices.ContainsFunc(fix.Edits, func(e diag.Edit) bool { return e.Range.File.Secret }) {
			continue
		}
		out = append(out, codeAction{
			Title: fix.Title, Kind: kindQuickFix, Diagnostics: []diagnostic{t.diagnostic(d)}, IsPreferred: i == 0, Edit: edit,
		})
	}
	return out
}

// fixAll makes every first fix that stays within one file; nil when there is
// none.
func (t teller) fixAll(list diag.List, name string) *codeAction {
	var here diag.List
	for _, d := range list {
		within := len(d.Fixes) > 0 && !slices.ContainsFunc(d.Fixes[0].Edits, func(e diag.Edit) bool {
			return e.Range.File == nil || e.Range.File.Name != name
		})
		if within {
			here = append(here, d)
		}
	}
	for _, fixed := range diag.Apply(here) {
		edit := &workspaceEdit{}
		edit.edit(t.state, t.can.Workspace.WorkspaceEdit.DocumentChanges, name,
			textEdits(t.text(fixed.File), string(fixed.Text), t.encoding))
		return &codeAction{Title: "homestak: make every certain fix in this file", Kind: kindFixAll, Edit: edit}
	}
	return nil
}
