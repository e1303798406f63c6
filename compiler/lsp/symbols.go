package lsp

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/homestak/homestak/compiler/query"
	"github.com/homestak/homestak/lang/schema"
)

// symbolKinds are the protocol's numbers for the icon beside a symbol.
var symbolKinds = map[query.SymbolKind]int{
	query.SymbolManifest: 2, query.SymbolNode: 5, query.SymbolDefinition: 23, query.SymbolVariable: 13, query.SymbolLocal: 14,
	query.SymbolModule: 4, query.SymbolUser: 8, query.SymbolGroup: 19, query.SymbolItem: 18,
}

func outline(s *server, p documentParams) job {
	at := s.place(p.TextDocument)
	return about(at, position{}, func(t teller, _ int) (any, *rpcError) {
		if !t.can.TextDocument.DocumentSymbol.Hierarchical {
			return t.flat(t.world.Symbols(at.name), "", func(query.Symbol) bool { return true }), nil
		}
		return t.nested(t.world.Symbols(at.name)), nil
	})
}

func (t teller) nested(list []query.Symbol) []documentSymbol {
	out := []documentSymbol{}
	for _, s := range list {
		if s.Range.File == nil {
			continue
		}
		d := documentSymbol{Name: named(s), Detail: s.Detail, Kind: symbolKinds[s.Kind], Range: t.span(s.Range, t.encoding)}
		d.SelectionRange = d.Range
		if s.Selection.File != nil {
			d.SelectionRange = t.span(s.Selection, t.encoding)
		}
		if len(s.Children) > 0 {
			d.Children = t.nested(s.Children)
		}
		out = append(out, d)
	}
	return out
}

// named is what a symbol is called; the protocol wants no empty names.
func named(s query.Symbol) string {
	if strings.TrimSpace(s.Name) == "" {
		return "-"
	}
	return s.Name
}

func (t teller) flat(list []query.Symbol, within string, want func(query.Symbol) bool) []symbolInformation {
	out := []symbolInformation{}
	for _, s := range list {
		if s.Range.File == nil {
			continue
		}
		if at := t.location(s.Range); at != nil && want(s) {
			out = append(out, symbolInformation{named(s), symbolKinds[s.Kind], *at, within})
		}
		out = append(out, t.flat(s.Children, s.Name, want)...)
	}
	return out
}

// maxSymbols is more than anybody reads of a search.
const maxSymbols = 1000

// findSymbols searches all sites for what has a name of its own.
func findSymbols(s *server, p symbolQuery) job {
	type open struct {
		site *site
		docs map[string]*document
	}
	var sites []open
	for _, root := range slices.Sorted(maps.Keys(s.workspace.sites)) {
		docs, _ := s.workspace.sites[root].now()
		sites = append(sites, open{s.workspace.sites[root], docs})
	}
	client, wanted := s.client, strings.ToLower(p.Query)
	return func(ctx context.Context) (any, *rpcError) {
		out := []symbolInformation{}
		for _, o := range sites {
			st := o.site.load(o.docs)
			if st == nil {
				continue
			}
			t := teller{st, client}
			fits := func(name string) bool { return strings.Contains(strings.ToLower(name), wanted) }
			out = append(out, t.definitions(fits)...)
			for _, f := range st.site.Files() {
				if ctx.Err() != nil {
					return nil, cancelled
				}
				if strings.HasPrefix(f.Name, "stdlib:") || len(out) > maxSymbols {
					continue
				}
				out = append(out, t.flat(st.world.Symbols(f.Name), f.Name, func(s query.Symbol) bool {
					return slices.Contains(searched, s.Kind) && fits(s.Name)
				})...)
			}
		}
		return out[:min(len(out), maxSymbols)], nil
	}
}

// searched are the symbols with a name of their own that are no definitions:
// of those not all are in an outline, for a file of YAML is one as a whole.
var searched = []query.SymbolKind{query.SymbolNode, query.SymbolVariable, query.SymbolLocal, query.SymbolModule, query.SymbolUser}

// definitions are what the site itself defines.
func (t teller) definitions(fits func(string) bool) []symbolInformation {
	var out []symbolInformation
	for _, kind := range []string{schema.KindManifest, schema.KindSpec, schema.KindPreset, schema.KindPosture, schema.KindImage, schema.KindHost} {
		symbol := symbolKinds[query.SymbolDefinition]
		if kind == schema.KindManifest {
			symbol = symbolKinds[query.SymbolManifest]
		}
		for _, d := range t.site.Definitions(kind) {
			if d.Library || !fits(d.Name) {
				continue
			}
			if at := t.location(d.Range); at != nil {
				out = append(out, symbolInformation{d.Name, symbol, *at, kind})
			}
		}
	}
	return out
}

// fold lets the editor fold what the outline has on more than one line.
func fold(s *server, p documentParams) job {
	at := s.place(p.TextDocument)
	return about(at, position{}, func(t teller, _ int) (any, *rpcError) {
		out := []foldingRange{}
		var add func([]query.Symbol)
		add = func(list []query.Symbol) {
			for _, s := range list {
				if s.Range.File == nil {
					continue
				}
				if r := t.span(s.Range, t.encoding); r.End.Line > r.Start.Line {
					end := r.End.Line
					if r.End.Character == 0 {
						end--
					}
					if end > r.Start.Line {
						out = append(out, foldingRange{r.Start.Line, end})
					}
				}
				add(s.Children)
			}
		}
		add(t.world.Symbols(at.name))
		return out, nil
	})
}
