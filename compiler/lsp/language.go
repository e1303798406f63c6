package lsp

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/homestak/homestak/compiler/query"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

// itemKinds are the protocol's numbers for the icon beside a completion.
var itemKinds = map[query.ItemKind]int{
	query.ItemField: 10, query.ItemValue: 20, query.ItemReference: 18,
	query.ItemVariable: 6, query.ItemFunction: 3, query.ItemModule: 9,
}

func complete(s *server, p placeParams) job {
	at := s.place(p.TextDocument)
	return func(context.Context) (any, *rpcError) {
		list := completionList{Items: []completionItem{}}
		t, text := at.lookAt((*site).sketch)
		if text == nil {
			return list, nil
		}
		offset := text.offset(p.Position, at.encoding)
		formats := t.can.TextDocument.Completion.CompletionItem.DocumentationFormat
		for _, item := range t.world.Complete(at.name, offset) {
			out := completionItem{Label: item.Label, Kind: itemKinds[item.Kind], Detail: item.Detail, SortText: item.Sort}
			if item.Doc != "" {
				out.Documentation = written(formats, item.Doc)
			}
			if item.Replace.File != nil {
				out.TextEdit = &textEdit{t.span(item.Replace, t.encoding), item.Insert}
				out.FilterText = filterText(item)
			}
			list.Items = append(list.Items, out)
		}
		return list, nil
	}
}

// filterText is what the editor compares with the word it will replace. A word
// may begin with a quote, which is part of what is inserted and not of the label.
func filterText(item query.Item) string {
	if item.Insert != "" && !strings.HasPrefix(item.Insert, item.Label) {
		return item.Insert
	}
	return item.Label
}

// written is markdown, or what it looks like where the editor shows plain text.
func written(formats []string, markdown string) markup {
	if slices.Contains(formats, "markdown") || len(formats) == 0 {
		return markup{"markdown", markdown}
	}
	return markup{"plaintext", strings.NewReplacer("**", "", "`", "").Replace(markdown)}
}

func explain(s *server, p placeParams) job {
	at := s.place(p.TextDocument)
	return about(at, p.Position, func(t teller, offset int) (any, *rpcError) {
		h, ok := t.world.Hover(at.name, offset)
		if !ok {
			return nil, nil
		}
		out := hover{Contents: written(t.can.TextDocument.Hover.ContentFormat, h.Markdown)}
		if h.Range.File != nil {
			r := t.span(h.Range, t.encoding)
			out.Range = &r
		}
		return out, nil
	})
}

func define(s *server, p placeParams) job {
	at := s.place(p.TextDocument)
	return about(at, p.Position, func(t teller, offset int) (any, *rpcError) {
		return t.locations(t.world.Definition(at.name, offset)), nil
	})
}

func refer(s *server, p referenceParams) job {
	at := s.place(p.TextDocument)
	return about(at, p.Position, func(t teller, offset int) (any, *rpcError) {
		return t.locations(t.world.References(at.name, offset, p.Context.IncludeDeclaration)), nil
	})
}

// locations are the places that the editor can open.
func (t teller) locations(list []source.Range) []location {
	out := []location{}
	for _, r := range list {
		if r.File == nil {
			continue
		}
		if l := t.location(r); l != nil {
			out = append(out, *l)
		}
	}
	return out
}

// mark finds what is at a position elsewhere in its file.
func mark(s *server, p placeParams) job {
	at := s.place(p.TextDocument)
	return about(at, p.Position, func(t teller, offset int) (any, *rpcError) {
		out := []highlight{}
		for _, r := range t.world.References(at.name, offset, true) {
			if r.File != nil && r.File.Name == at.name {
				out = append(out, highlight{t.span(r, t.encoding)})
			}
		}
		return out, nil
	})
}

func prepareRename(s *server, p placeParams) job {
	at := s.place(p.TextDocument)
	return about(at, p.Position, func(t teller, offset int) (any, *rpcError) {
		r, name, err := t.world.PrepareRename(at.name, offset)
		switch {
		case err != nil:
			return nil, failure(codeFailed, "%v", err)
		case r.File == nil:
			return nil, nil
		}
		return prepared{t.span(r, t.encoding), name}, nil
	})
}

func rename(s *server, p renameParams) job {
	if p.NewName == nil {
		return func(context.Context) (any, *rpcError) { return nil, failure(codeParams, "the new name is missing") }
	}
	at := s.place(p.TextDocument)
	return about(at, p.Position, func(t teller, offset int) (any, *rpcError) {
		edits, files, err := t.world.Rename(at.name, offset, *p.NewName)
		if err != nil {
			return nil, failure(codeFailed, "%v", err)
		}
		if len(edits) == 0 && len(files) == 0 {
			return nil, nil
		}
		return t.workspaceEdit(edits, files)
	})
}

// workspaceEdit is changes of files, and then new names for them.
func (t teller) workspaceEdit(edits []diag.Edit, files map[string]string) (*workspaceEdit, *rpcError) {
	can := t.can.Workspace.WorkspaceEdit
	if len(files) > 0 && !slices.Contains(can.ResourceOperations, "rename") {
		old := slices.Sorted(maps.Keys(files))[0]
		return nil, failure(codeFailed, "this editor cannot rename files: rename %s to %s by hand", old, files[old])
	}
	byName := map[string][]textEdit{}
	for _, e := range edits {
		if e.Range.File == nil || strings.HasPrefix(e.Range.File.Name, "stdlib:") {
			return nil, failure(codeFailed, "a file of the library would have to change")
		}
		byName[e.Range.File.Name] = append(byName[e.Range.File.Name], textEdit{t.span(e.Range, t.encoding), e.New})
	}
	out := &workspaceEdit{}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		out.edit(t.state, can.DocumentChanges || len(files) > 0, name, byName[name])
	}
	for _, old := range slices.Sorted(maps.Keys(files)) {
		out.DocumentChanges = append(out.DocumentChanges, renameFile{"rename", t.uri(old), t.uri(files[old])})
	}
	return out, nil
}

// edit adds changes of one file, in the form the editor knows.
func (w *workspaceEdit) edit(st *state, versioned bool, name string, edits []textEdit) {
	if !versioned {
		if w.Changes == nil {
			w.Changes = map[string][]textEdit{}
		}
		w.Changes[st.uri(name)] = edits
		return
	}
	d := documentEdit{Edits: edits}
	d.TextDocument.URI = st.uri(name)
	if doc := st.open[name]; doc != nil {
		d.TextDocument.Version = &doc.version
	}
	w.DocumentChanges = append(w.DocumentChanges, d)
}
