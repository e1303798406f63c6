package lab

import (
	_ "embed"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

//go:embed api.txt
var apiText string

// property is one parameter of a method or key of a property string.
type property struct {
	name     string // without index
	count    int    // > 0: name0 … name(count-1)
	kind     string // str, int, num, bool, list
	required bool
	fallback bool // the default key of a property string
	format   string
	object   string
	min, max *float64
	minLen   int
	maxLen   int
	requires string
	enum     []string
	pattern  string
	match    *regexp.Regexp
	alias    string
	keyAlias string
}

// schema is a set of properties, with the groups it includes.
type schema struct {
	own    []*property
	groups []*schema
	index  map[string]*property // expanded names of own
}

// lookup finds a property by its full name.
func (s *schema) lookup(name string) *property {
	if p := s.index[name]; p != nil {
		return p
	}
	for _, g := range s.groups {
		if p := g.lookup(name); p != nil {
			return p
		}
	}
	return nil
}

// all visits every property, in the table's order.
func (s *schema) all(visit func(*property)) {
	for _, p := range s.own {
		visit(p)
	}
	for _, g := range s.groups {
		g.all(visit)
	}
}

// fallbackKey is the default key of a property string.
func (s *schema) fallbackKey() *property {
	var found *property
	s.all(func(p *property) {
		if p.fallback {
			found = p
		}
	})
	return found
}

// method is one row of the table.
type method struct {
	verb, path string
	segments   []string
	perm       *check
	params     *schema
}

// table is the whole API; it does not change once it is made.
type table struct {
	methods []*method
	schemas map[string]*schema // property strings and groups, by name
	root    *branch
}

// branch is a node of the tree of paths.
type branch struct {
	static  map[string]*branch
	param   *branch
	rest    *branch // takes all remaining segments
	methods map[string]*method
}

// api is the table, made once: it is constant data.
var api = sync.OnceValue(func() *table {
	t, err := parseTable(apiText)
	if err != nil {
		panic(err) // the table is part of the program, and tested
	}
	return t
})

func parseTable(text string) (*table, error) {
	t := &table{schemas: map[string]*schema{}, root: &branch{}}
	var current *schema
	var m *method
	for n, line := range strings.Split(text, "\n") {
		fail := func(format string, args ...any) error {
			return fmt.Errorf("api.txt:%d: %s", n+1, fmt.Sprintf(format, args...))
		}
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || fields[0] == "#" || line[0] == '#':
		case fields[0] == "=" || fields[0] == ":":
			current, m = &schema{}, nil
			t.schemas[fields[1]] = current
		case line[0] != ' ':
			m = &method{verb: fields[0], path: fields[1], params: &schema{}}
			if err := t.root.add(m, t.schemas["path"]); err != nil {
				return nil, fail("%v", err)
			}
			t.methods = append(t.methods, m)
			current = m.params
		case fields[0] == "perm":
			m.perm = parsePermission(fields[1], fields[2])
		case fields[0] == "root" && len(fields) == 1:
			m.perm = &check{kind: "root"}
		case fields[0] == "check":
			k, err := parseCheck(strings.TrimPrefix(strings.TrimSpace(line), "check "))
			if err != nil {
				return nil, fail("%v", err)
			}
			m.perm = k
		case fields[0][0] == '@':
			g := t.schemas[fields[0][1:]]
			if g == nil {
				return nil, fail("no group %s", fields[0])
			}
			current.groups = append(current.groups, g)
		default:
			p, err := parseProperty(strings.TrimSpace(line))
			if err != nil {
				return nil, fail("%v", err)
			}
			current.put(p)
		}
	}
	return t, nil
}

func parsePermission(path, privs string) *check {
	if strings.Contains(privs, "|") {
		return &check{kind: "perm", path: path, privs: strings.Split(privs, "|"), any: true}
	}
	return &check{kind: "perm", path: path, privs: strings.Split(privs, ",")}
}

// put adds a property under all its names.
func (s *schema) put(p *property) {
	if s.index == nil {
		s.index = map[string]*property{}
	}
	s.own = append(s.own, p)
	if p.count == 0 {
		s.index[p.name] = p
	}
	for i := range p.count {
		s.index[p.name+strconv.Itoa(i)] = p
	}
}

// parseProperty reads "NAME TYPE CHECKS".
func parseProperty(line string) (*property, error) {
	name, checks, _ := strings.Cut(line, " ")
	p := &property{}
	name, p.fallback = cutSuffix(name, "*")
	name, p.required = cutSuffix(name, "!")
	if base, count, ok := strings.Cut(name, "["); ok {
		n, err := strconv.Atoi(strings.TrimSuffix(count, "]"))
		if err != nil {
			return nil, err
		}
		name, p.count = base, n
	}
	p.name = name
	if checks, p.pattern, _ = strings.Cut(checks, " re:"); p.pattern != "" {
		// Perl's {,n} is spelled {0,n} in Go, which counts to a thousand only.
		spelled := strings.NewReplacer("{,", "{0,", "{0,4096}", "*").Replace(p.pattern)
		re, err := regexp.Compile("^(?:" + spelled + ")$")
		if err != nil {
			return nil, err
		}
		p.match = re
	}
	for _, check := range strings.Fields(checks) {
		key, value, _ := strings.Cut(check, ":")
		switch key {
		case "str", "int", "num", "bool", "list":
			p.kind = key
		case "fmt":
			p.format = value
		case "obj":
			p.object = value
		case "req":
			p.requires = value
		case "alias":
			p.alias = value
		case "key":
			p.keyAlias = value
		case "enum":
			p.enum = expandEnum(value)
		case "min", "max", "minlen", "maxlen":
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				return nil, err
			}
			switch key {
			case "min":
				p.min = &n
			case "max":
				p.max = &n
			case "minlen":
				p.minLen = int(n)
			case "maxlen":
				p.maxLen = int(n)
			}
		default:
			return nil, fmt.Errorf("unknown check %q", check)
		}
	}
	if p.kind == "" && p.alias == "" {
		return nil, fmt.Errorf("%s has no type", p.name)
	}
	return p, nil
}

func cutSuffix(s, suffix string) (string, bool) { return strings.CutSuffix(s, suffix) }

// expandEnum splits at bars; "scsi[3]" stands for scsi0|scsi1|scsi2.
func expandEnum(text string) []string {
	var out []string
	for _, v := range strings.Split(text, "|") {
		base, count, ok := strings.Cut(v, "[")
		if !ok {
			out = append(out, v)
			continue
		}
		n, _ := strconv.Atoi(strings.TrimSuffix(count, "]"))
		for i := range n {
			out = append(out, base+strconv.Itoa(i))
		}
	}
	return out
}
