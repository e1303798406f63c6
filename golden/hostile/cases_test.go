package hostile

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

const (
	mib      = 1 << 20
	headYAML = "schema_version: 2\nname: m\nnodes:\n  - name: a\n"
	headHCL  = "manifest \"m\" {\n  node \"a\" {\n"
	footHCL  = "  }\n}\n"
)

// hostile is a manifest that is one in name only.
type hostile struct {
	name string
	yaml func() string // after the head of a manifest with one node
	hcl  func() string // in a node
	all  bool          // these are whole files
	want string        // a code that validate says, "": none in particular
}

func times(s string, n int) string { return strings.Repeat(s, n) }

// each joins n lines made of their number.
func each(n int, format string) string {
	var b strings.Builder
	args := strings.Count(format, "%d")
	for i := range n {
		values := make([]any, args)
		for k := range values {
			values[k] = i + k
		}
		fmt.Fprintf(&b, format, values...)
	}
	return b.String()
}

// bomb would expand to ten to the power of n values.
func bomb(n int) string {
	var b strings.Builder
	b.WriteString("a0: &a0 x\n")
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, times(fmt.Sprintf("*a%d, ", i-1), 10))
	}
	return b.String()
}

func stairs(n int, line string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(times(" ", i) + line)
	}
	return b.String()
}

// cases makes them: they are hundreds of megabytes, and no process of the
// program should start with them.
func cases() []hostile {
	return []hostile{
		{name: "alias bomb", yaml: func() string { return bomb(40) }, all: true, want: "HS0021"},
		{name: "brackets", yaml: func() string { return "    x: " + times("[", 10_000) }, hcl: func() string { return "x = " + times("[", 10_000) }, want: "HS0002"},
		{name: "closed brackets", yaml: func() string { return "    x: " + times("[", 10_000) + times("]", 10_000) + "\n" }, hcl: func() string { return "x = " + times("[", 10_000) + times("]", 10_000) + "\n" }, want: "HS0002"},
		{name: "mappings", yaml: func() string { return "    x: " + times("{a: ", 10_000) + times("}", 10_000) }, hcl: func() string { return "x = " + times("{a=", 10_000) + "1" + times("}", 10_000) + "\n" }, want: "HS0002"},
		{name: "dashes", yaml: func() string { return "    x:\n      " + times("- ", 10_000) + "a\n" }, want: "HS0002"},
		{name: "stairs", yaml: func() string { return stairs(2_000, "a:\n") }, all: true, want: "HS0002"},
		{name: "blocks", hcl: func() string { return times("x {\n", 10_000) + times("}\n", 10_000) }, want: "HS0002"},
		{name: "parentheses", hcl: func() string { return "x = " + times("(", 100_000) + "1" + times(")", 100_000) + "\n" }, want: "HS0002"},
		{name: "templates in templates", yaml: func() string { return "    x: \"" + times("${\\\"", 50_000) + "\"\n" }, hcl: func() string { return "x = " + times("\"${", 50_000) + "1" + times("}\"", 50_000) + "\n" }},
		{name: "operators", hcl: func() string { return "x = " + times("1+", 200_000) + "1\n" }, want: "HS0110"},
		{name: "nots", hcl: func() string { return "x = " + times("!", 1_000_000) + "true\n" }, want: "HS0110"},
		{name: "conditions", hcl: func() string { return "x = " + times("true ? 1 : ", 100_000) + "1\n" }, want: "HS0110"},
		{name: "100 MB", yaml: func() string { return times("#", 100*mib) }, hcl: func() string { return times("#", 100*mib) }, all: true, want: "HS0233"},
		{name: "31 MB", yaml: func() string { return times("a", 31*mib) }, hcl: func() string { return times("a", 31*mib) }, all: true, want: "HS0001"},
		{name: "NUL", yaml: func() string { return "    x: \x00\n" }, hcl: func() string { return "x = \"\x00\"\n" }, want: "HS0005"},
		{name: "invalid UTF-8", yaml: func() string { return "    x: \xff\n" }, hcl: func() string { return "x = \"\xff\"\n" }, want: "HS0004"},
		{name: "CR alone", yaml: func() string { return strings.ReplaceAll(headYAML, "\n", "\r") }, hcl: func() string { return strings.ReplaceAll(headHCL+footHCL, "\n", "\r") }, all: true, want: "HS0005"},
		{name: "1 MB scalar", yaml: func() string { return "    pool: " + times("a", mib) + "\n" }, hcl: func() string { return "pool = \"" + times("a", mib) + "\"\n" }},
		{name: "1 MB name", yaml: func() string { return "  - name: " + times("a", mib) + "\n" }, hcl: func() string { return "}\nnode \"" + times("a", mib) + "\" {\n" }},
		{name: "1 MB key", yaml: func() string { return "    " + times("a", mib) + ": 1\n" }, hcl: func() string { return times("a", mib) + " = 1\n" }},
		{name: "10 MB line", yaml: func() string { return "    x: " + times("a b ", 10*mib/4) + "\n" }, hcl: func() string { return "x = \"" + times("a b ", 10*mib/4) + "\"\n" }, want: "HS0001"},
		{name: "wide list", yaml: func() string { return "    tags: [" + times("a,", 250_000) + "]\n" }, hcl: func() string { return "tags = [" + times("\"a\",", 60_000) + "]\n" }},
		{name: "wider list", yaml: func() string { return "    tags: [" + times("a,", mib) + "]\n" }, hcl: func() string { return "tags = [" + times("1,", mib) + "]\n" }, want: "HS0003"},
		{name: "list in lines", yaml: func() string { return "    tags:\n" + times("    - a\n", 250_000) }, hcl: func() string { return "tags = [\n" + times("\"a\",\n", 50_000) + "]\n" }},
		{name: "wide mapping", yaml: func() string { return "    x: {" + each(100_000, "a%d: 1, ") + "}\n" }, hcl: func() string { return "x = {" + each(60_000, "a%d = 1, ") + "}\n" }},
		{name: "wider mapping", yaml: func() string { return "    x: {" + each(300_000, "a%d: 1, ") + "}\n" }, hcl: func() string { return "x = {" + each(300_000, "a%d = 1, ") + "}\n" }, want: "HS0003"},
		{name: "duplicates", yaml: func() string { return times("    x: 1\n", 100_000) }, hcl: func() string { return times("x = 1\n", 50_000) }, want: "HS0020"},
		{name: "unknown fields", yaml: func() string { return each(100_000, "    x%d: 1\n") }, hcl: func() string { return each(60_000, "x%d = 1\n") }, want: "HS0201"},
		{name: "unknown fields nearly known", yaml: func() string { return each(100_000, "    specc%d: 1\n") }, hcl: func() string { return each(60_000, "specc%d = 1\n") }, want: "HS0201"},
		{name: "unknown nodes nearly known",
			yaml: func() string {
				return each(20_000, "  - {name: "+times("a", 25)+"%d"+times("b", 25)+", depends_on: ["+times("a", 25)+"x%d"+times("b", 25)+"]}\n")
			},
			hcl: func() string {
				return "}\n" + each(20_000, "node \""+times("a", 25)+"%d"+times("b", 25)+"\" { depends_on = [node."+times("a", 25)+"x%d"+times("b", 25)+"] }\n") + "node \"z\" {\n"
			}, want: "HS0216"},
		{name: "unknown blocks", hcl: func() string { return each(60_000, "b%d {}\n") }, all: true},
		{name: "merge key", yaml: func() string { return "    <<: {a: 1}\n" }, want: "HS0022"},
		{name: "tag", yaml: func() string { return "    x: !!python/object/apply:os.system [ls]\n" }, want: "HS0023"},
		{name: "many tags", yaml: func() string { return times("    x: !a b\n", 100_000) }},
		{name: "anchors", yaml: func() string { return times("&a ", 1_000_000) }, all: true},
		{name: "aliases", yaml: func() string { return times("*a ", 1_000_000) }, all: true},
		{name: "exclamations", yaml: func() string { return times("! ", 1_000_000) }, all: true},
		{name: "two documents", yaml: func() string { return "---\na: 1\n---\nb: 2\n" }, all: true},
		{name: "empty documents", yaml: func() string { return times("---\n", 1_000_000) }, all: true},
		{name: "comments", yaml: func() string { return times("# c\n", 1_000_000) }, hcl: func() string { return times("# c\n", 1_000_000) }, want: "HS0003"},
		{name: "fewer comments", yaml: func() string { return times("# c\n", 250_000) }, hcl: func() string { return times("# c\n", 100_000) }},
		{name: "blank lines", yaml: func() string { return times("\n", 4_000_000) }, hcl: func() string { return times("\n", 200_000) }},
		{name: "spaces", yaml: func() string { return times(" ", 4_000_000) }, hcl: func() string { return times(" ", 4_000_000) }},
		{name: "Norway and octal", yaml: func() string {
			return "    protect: no\n    on_boot: on\n    vmid: 0o777\n    cores: 010\n    tags: [no, 0777, 1_000, 12:30:45, 0x1F, 1e3, .inf, ~]\n"
		}, want: "HS0301"},
		{name: "digits", yaml: func() string { return "    vmid: " + times("9", mib) + "\n" }, hcl: func() string { return "vmid = " + times("9", mib) + "\n" }},
		{name: "exponent", yaml: func() string { return "    vmid: 1e999999999\n" }, hcl: func() string { return "vmid = 1e999999999\n" }, want: "HS0301"},
		{name: "lines of text", yaml: func() string { return "    pool: |\n" + times("      a\n", 200_000) }, hcl: func() string { return "pool = <<EOT\n" + times("a\n", 100_000) + "EOT\n" }},
		{name: "texts", yaml: func() string { return each(100_000, "    x%d: |\n      a\n") }, hcl: func() string { return each(30_000, "x%d = <<EOT\na\nEOT\n") }},
		{name: "folded text", yaml: func() string { return "    pool: >\n" + times("      a\n", 500_000) }},
		{name: "escapes", yaml: func() string { return "    pool: \"" + times("\\n", 250_000) + "\"\n" }, hcl: func() string { return "pool = \"" + times("\\n", 200_000) + "\"\n" }},
		{name: "filled text", hcl: func() string { return "pool = \"" + times("${1}", 40_000) + "\"\n" }},
		{name: "more filled text", hcl: func() string { return "pool = \"" + times("${1}", 500_000) + "\"\n" }, want: "HS0003"},
		{name: "dollars", hcl: func() string { return "pool = \"" + times("$", 3*mib) + "\"\n" }},
		{name: "quotes", yaml: func() string { return times("\"", 1_000_001) }, hcl: func() string { return "x = " + times("\"", 1_000_001) }, all: true},
		{name: "colons", yaml: func() string { return times(": ", 1_000_000) }, all: true},
		{name: "question marks", yaml: func() string { return times("? a\n", 500_000) }, all: true},
		{name: "bars", yaml: func() string { return times("a: |\n", 250_000) }, all: true},
		{name: "words", hcl: func() string { return times("a ", 1_000_000) }, all: true},
		{name: "words in lines", hcl: func() string { return times("a\n", 120_000) }, all: true},
		{name: "locals", hcl: func() string { return "locals {\n" + each(300_000, "  a%d = 1\n") + "}\n" + headHCL + footHCL }, all: true, want: "HS0003"},
		{name: "fewer locals", hcl: func() string { return "locals {\n" + each(60_000, "  a%d = 1\n") + "}\n" + headHCL + footHCL }, all: true},
		{name: "chain of locals", hcl: func() string {
			return "locals {\n" + each(40_000, "  a%d = local.a%d\n") + "  a40000 = 1\n}\n" + headHCL + "cores = local.a0\n" + footHCL
		}, all: true},
		{name: "locals of themselves", hcl: func() string {
			return "locals {\n  a = local.b\n  b = local.a\n}\n" + headHCL + "cores = local.a\n" + footHCL
		}, all: true,
			yaml: func() string {
				return "expressions: true\nlocals: {a: \"${local.b}\", b: \"${local.a}\"}\n" + headYAML + "    cores: ${local.a}\n"
			}},
		{name: "doubling", hcl: func() string {
			return "locals {\n  a0 = \"x\"\n" + doubling(60) + "}\n" + headHCL + "pool = local.a59\n" + footHCL
		}, all: true},
		{name: "range", hcl: func() string { return "tags = [for i in range(100000000) : i]\n" }},
		{name: "count", yaml: func() string { return "    count: 1000000\n" }, hcl: func() string { return "count = 1000000\n" }, want: "HS0304"},
		{name: "for_each of a million", hcl: func() string { return "for_each = toset([for i in range(1000000) : tostring(i)])\n" }},
		{name: "for_each in data", yaml: func() string { return "    for_each: {" + each(100_000, "a%d: 1, ") + "}\n" }},
		{name: "300,000 nodes", yaml: func() string { return "schema_version: 2\nname: m\nnodes:\n" + times("- {name: a}\n", 300_000) }, hcl: func() string { return "manifest \"m\" {\n" + times("node \"a\" {}\n", 300_000) + "}\n" }, all: true, want: "HS0003"},
		{name: "variables", hcl: func() string { return each(30_000, "variable \"v%d\" {}\n") + headHCL + footHCL }, all: true},
		{name: "specs", hcl: func() string { return each(10_000, "spec \"s%d\" {}\n") + headHCL + footHCL }, all: true},
		{name: "templates", yaml: func() string {
			return "expressions: true\n" + headYAML + "    tags:\n" + times("    - ${1}\n", 100_000)
		}, all: true},
		{name: "locals in YAML", yaml: func() string {
			return "expressions: true\nlocals:\n" + each(60_000, "  a%d: ${local.a%d}\n") + headYAML
		}, all: true},
		{name: "open templates in YAML", yaml: func() string {
			return "expressions: true\n" + headYAML + "    pool: \"" + times("${", 100_000) + "\"\n"
		}, all: true},
		{name: "operators in YAML", yaml: func() string {
			return "expressions: true\n" + headYAML + "    pool: \"${" + times("1+", 200_000) + "1}\"\n"
		}, all: true},
	}
}

func doubling(n int) string {
	var b strings.Builder
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, "  a%d = \"${local.a%d}${local.a%d}\"\n", i, i-1, i-1)
	}
	return b.String()
}

// Whatever is in a manifest, every verb that reads it ends soon, with little
// memory, and with a finding if it is not one. All verbs read all cases when
// HOMESTAK_SOAK is set.
func TestManifests(t *testing.T) {
	soak := os.Getenv("HOMESTAK_SOAK") != ""
	for i, c := range cases() {
		for ext, make := range map[string]func() string{"yaml": c.yaml, "hcl": c.hcl} {
			if make == nil {
				continue
			}
			t.Run(c.name+" "+ext, func(t *testing.T) {
				text := make()
				if !c.all && ext == "yaml" {
					text = headYAML + text
				} else if !c.all {
					text = headHCL + text + footHCL
				}
				dir, file := site(t, "m."+ext, []byte(text))
				o := run(t, dir, "validate")
				o.check(t, "validate")
				if c.want != "" && !strings.Contains(o.output, c.want) {
					t.Errorf("validate does not say %s:\n%.1000s", c.want, o.output)
				}
				if soak || i%2 == 0 {
					run(t, dir, "fmt", "-l", file).check(t, "fmt")
				}
				if soak || i%2 == 1 {
					run(t, dir, "convert", file, "-o", "out/").check(t, "convert")
				}
			})
		}
	}
}

// A byte order mark and CR LF at the ends of lines are no mistake.
func TestWindowsFiles(t *testing.T) {
	for ext, text := range map[string]string{"yaml": headYAML, "hcl": headHCL + footHCL} {
		dir, file := site(t, "m."+ext, []byte("\ufeff"+strings.ReplaceAll(text, "\n", "\r\n")))
		for _, args := range [][]string{{"validate"}, {"fmt", file}, {"convert", file}} {
			if o := run(t, dir, args...); o.exit != 0 {
				t.Errorf("%v: exit %d\n%s", args, o.exit, o.output)
			}
		}
	}
}
