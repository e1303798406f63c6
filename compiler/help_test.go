package compiler

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// Every finding says what to do: whoever makes one gives it Help in the same
// block, directly or before suggest looks for something better.
func TestEveryFindingHasHelp(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	files := token.NewFileSet()
	made := 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") || name == "findings.go" {
			continue
		}
		file, err := parser.ParseFile(files, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		helped := map[*ast.CallExpr]bool{} // calls whose finding has help
		ast.Inspect(file, func(n ast.Node) bool {
			list := statements(n)
			for i, s := range list {
				assign, ok := s.(*ast.AssignStmt)
				if !ok || len(assign.Rhs) == 0 {
					continue
				}
				if sel, ok := assign.Lhs[0].(*ast.SelectorExpr); ok && sel.Sel.Name == "Help" {
					if call := findingCall(sel.X); call != nil {
						helped[call] = true
					}
				}
				call := findingCall(assign.Rhs[0])
				id, ok := assign.Lhs[0].(*ast.Ident)
				if call != nil && ok && setsHelp(list[i+1:], id.Name) {
					helped[call] = true
				}
			}
			return true
		})
		ast.Inspect(file, func(n ast.Node) bool {
			if e, ok := n.(ast.Expr); ok {
				if call := findingCall(e); call != nil {
					made++
					if !helped[call] {
						t.Errorf("%s: a finding without help", files.Position(call.Pos()))
					}
				}
			}
			return true
		})
	}
	if made < 80 {
		t.Errorf("only %d findings seen", made)
	}
}

func statements(n ast.Node) []ast.Stmt {
	switch n := n.(type) {
	case *ast.BlockStmt:
		return n.List
	case *ast.CaseClause:
		return n.Body
	}
	return nil
}

func findingCall(e ast.Expr) *ast.CallExpr {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return nil
	}
	if sel, ok := call.Fun.(*ast.SelectorExpr); ok && (sel.Sel.Name == "errorAt" || sel.Sel.Name == "warnAt") {
		return call
	}
	return nil
}

// setsHelp says whether one of some statements, or of those in a complete
// switch, assigns name.Help.
func setsHelp(list []ast.Stmt, name string) bool {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.AssignStmt:
			for _, l := range s.Lhs {
				if sel, ok := l.(*ast.SelectorExpr); ok && sel.Sel.Name == "Help" {
					if id, ok := sel.X.(*ast.Ident); ok && id.Name == name {
						return true
					}
				}
			}
		case *ast.SwitchStmt:
			all, complete := true, false
			for _, c := range s.Body.List {
				clause := c.(*ast.CaseClause)
				complete = complete || clause.List == nil
				all = all && setsHelp(clause.Body, name)
			}
			if all && complete {
				return true
			}
		}
	}
	return false
}
