package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/homestak/homestak/lang/diag"
)

func goFiles(t *testing.T) map[string]string {
	t.Helper()
	top, files := root(t), map[string]string{}
	err := filepath.WalkDir(top, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && p != top {
			return filepath.SkipDir
		}
		if strings.HasSuffix(p, ".go") {
			data, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			rel, _ := filepath.Rel(top, p)
			files[filepath.ToSlash(rel)] = string(data)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestFileSize(t *testing.T) {
	for name, text := range goFiles(t) {
		if n := strings.Count(text, "\n"); n > 600 {
			t.Errorf("%s has %d lines, more than 600: split it by what its parts do", name, n)
		}
	}
	if n := strings.Count(goFiles(t)["main.go"], "\n"); n > 60 {
		t.Errorf("main.go has %d lines, more than 60", n)
	}
}

func TestPackagesExplainThemselves(t *testing.T) {
	for _, p := range list(t, "./...") {
		base := filepath.Base(p.ImportPath)
		if slices.Contains([]string{"util", "utils", "common", "helpers", "types", "manager"}, base) {
			t.Errorf("%s: a package is named after its job", p.local())
		}
		if p.local() == "." {
			continue
		}
		doc, err := os.ReadFile(filepath.Join(p.Dir, "doc.go"))
		if err != nil {
			t.Errorf("%s has no doc.go", p.local())
			continue
		}
		if !strings.Contains(string(doc), "// Package "+p.Name+" ") {
			t.Errorf("%s/doc.go does not say what package %s is", p.local(), p.Name)
		}
	}
}

// No hidden start-up work and no state that two runs in one process share.
// Tables that nothing writes are fine: they are variables only for want of
// constant composites.
func TestNoInitNoPackageState(t *testing.T) {
	for name, text := range goFiles(t) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		globals := map[string]bool{}
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.Name == "init" {
					t.Errorf("%s has an init function", name)
				}
			case *ast.GenDecl:
				if d.Tok != token.VAR {
					continue
				}
				for _, spec := range d.Specs {
					for _, id := range spec.(*ast.ValueSpec).Names {
						globals[id.Name] = true
					}
				}
			}
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
				for _, id := range writtenGlobals(f, globals) {
					t.Errorf("%s writes the package variable %s", name, id)
				}
			}
		}
	}
}

// writtenGlobals lists the globals that f assigns to, itself or an element of
// them. A name that f declares anywhere is taken for its own.
func writtenGlobals(f *ast.FuncDecl, globals map[string]bool) []string {
	own, written := map[string]bool{}, []string(nil)
	declare := func(exprs ...ast.Expr) {
		for _, e := range exprs {
			if id, ok := e.(*ast.Ident); ok {
				own[id.Name] = true
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			for _, id := range n.Names {
				own[id.Name] = true
			}
		case *ast.ValueSpec:
			for _, id := range n.Names {
				own[id.Name] = true
			}
		case *ast.RangeStmt:
			declare(n.Key, n.Value)
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				declare(n.Lhs...)
			}
		}
		return true
	})
	ast.Inspect(f, func(n ast.Node) bool {
		as, ok := n.(*ast.AssignStmt)
		if !ok || as.Tok == token.DEFINE {
			return true
		}
		for _, lhs := range as.Lhs {
			if ix, ok := lhs.(*ast.IndexExpr); ok {
				lhs = ix.X
			}
			if id, ok := lhs.(*ast.Ident); ok && globals[id.Name] && !own[id.Name] {
				written = append(written, id.Name)
			}
		}
		return true
	})
	return written
}

var codeText = regexp.MustCompile(`"(HS\d{4})"`)

// A code is registered once, explained, and emitted by somebody.
func TestCodes(t *testing.T) {
	registered := map[string]int{}
	for _, e := range diag.Entries() {
		registered[string(e.Code)]++
		if e.Title == "" || strings.HasSuffix(e.Title, ".") || len(e.Long) < 60 {
			t.Errorf("%s needs a title without a full stop and a long explanation", e.Code)
		}
	}
	used := map[string]string{}
	for name, text := range goFiles(t) {
		if strings.HasPrefix(name, "lang/diag/") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, m := range codeText.FindAllStringSubmatch(text, -1) {
			used[m[1]] = name
		}
	}
	for code, n := range registered {
		if n > 1 {
			t.Errorf("%s is registered %d times", code, n)
		}
		if used[code] == "" {
			t.Errorf("%s is registered and nobody emits it", code)
		}
	}
	for code, name := range used {
		if registered[code] == 0 {
			t.Errorf("%s uses %s, which is not registered", name, code)
		}
	}
}

// Work that is unfinished says so to the user, not in a comment.
func TestNoUnfinishedMarks(t *testing.T) {
	marks := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b|t\.Ski` + `p\(`)
	for name, text := range goFiles(t) {
		if m := marks.FindString(text); m != "" {
			t.Errorf("%s contains %q", name, m)
		}
	}
}
