package yaml

import (
	"errors"

	"go.yaml.in/yaml/v4"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// Parse reads one document within DefaultLimits.
//
// The tree is nil when the text has a syntax error, and the list has it. Every
// other error leaves a tree in which the refused parts are syntax.Bad. An empty
// text is a Null node.
func Parse(f *source.File) (*syntax.Node, diag.List) {
	return ParseLimits(f, DefaultLimits())
}

// ParseLimits is Parse with other limits.
func ParseLimits(f *source.File, l Limits) (*syntax.Node, diag.List) {
	if d := scan(f, l); d != nil {
		return nil, diag.List{d}
	}
	depth := depthLimit{max: l.Depth}
	var root yaml.Node
	err := yaml.Load(f.Text, &root, yaml.WithPlugin(&depth))
	if root.Kind == 0 && err == nil || isEmpty(err) {
		return &syntax.Node{Kind: syntax.Null, Range: source.Span(f, len(f.Text), len(f.Text))}, nil
	}
	if err != nil {
		return nil, diag.List{explain(f, err, depth)}
	}
	c := converter{file: f, keys: map[string]string{}}
	n := c.value(root.Content[0], -1)
	return n, c.found.list
}

// depthLimit stops the library at the first collection that is too deep. Alias
// expansion never happens: a tree of nodes keeps aliases as they are.
type depthLimit struct {
	max      int
	exceeded bool
}

var errDeep = errors.New("too deep")

func (d *depthLimit) CheckDepth(depth int, _ *yaml.DepthContext) error {
	if depth > d.max {
		d.exceeded = true
		return errDeep
	}
	return nil
}

func (d *depthLimit) CheckAlias(int, int) error { return nil }
