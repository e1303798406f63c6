package compiler_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/lang/diag"
)

// A plant is one mistake in one field of a node. «CODE|text» is what has to be
// found and where; %s is a number of the node's own, %d one of its group.
type plant struct {
	field string // with it no other plant of the field
	yaml  string
	hcl   string
}

// anywhere are mistakes that concern nobody else.
var anywhere = []plant{
	{"preset", "preset: «HS0214|gigantic»", "preset = «HS0214|\"gigantic\"»"},
	{"preset", "preset: «HS0301|5»", "preset = «HS0301|5»"},
	{"image", "image: «HS0213|windows-95»", "image = «HS0213|image.windows-95»"},
	{"cores", "cores: «HS0301|many»", "cores = «HS0301|\"many\"»"},
	{"memory", "memory: «HS0304|2»", "memory = «HS0304|2»"},
	{"disk", "disk: «HS0302|big»", "disk = «HS0302|\"big\"»"},
	{"disk image", "image: debian-12\n    disk: «HS0404|1»", "image = image.debian-12\n    disk = «HS0404|1»"},
	{"execution", "execution: {create: «HS0408|pull»}", "execution { create = «HS0408|\"pull\"» }"},
	{"execution", "execution: {config: «HS0303|pul»}", "execution { config = «HS0303|\"pul\"» }"},
	{"network", "network: {ip: 10.%s.9.10/24, gateway: «HS0410|10.200.8.1»}", "network = { ip = \"10.%s.9.10/24\", gateway = «HS0410|\"10.200.8.1\"» }"},
	{"network", "network: {ip: «HS0306|10.0.9.300/24», gateway: 10.0.9.1}", "network = { ip = «HS0306|\"10.0.9.300/24\"», gateway = \"10.0.9.1\" }"},
	{"network", "network: {mac: «HS0307|\"01:00:5E:00:00:01\"»}", "network = { mac = «HS0307|\"01:00:5E:00:00:01\"» }"},
	{"network", "network: {gateway: «HS0410|10.0.9.1»}", "network = { gateway = «HS0410|\"10.0.9.1\"» }"},
	{"tags", "tags: [«HS0421|hs-mine»]", "tags = [«HS0421|\"hs-mine\"»]"},
	{"depends_on", "depends_on: [«HS0216|ghost»]", "depends_on = [«HS0216|node.ghost»]"},
	{"peers", "peers: [«HS0217|ghost-*»]", "peers = [«HS0217|\"ghost-*\"»]"},
	{"colour", "«HS0201|colour»: red", "«HS0201|colour» = \"red\""},
	{"vmid", "vmid: «HS0304|%s»", "vmid = «HS0304|%s»"},
	{"execution", "execution: {mode: «HS0301|7», config: «HS0303|hybird»}", "execution = { mode = «HS0301|7», config = «HS0303|\"hybird\"» }"},
	{"on_boot protect", "on_boot: «HS0301|sometimes»\n    protect: «HS0301|2»", "on_boot = «HS0301|\"sometimes\"»\n    protect = «HS0301|2»"},
	{"pool", "pool: «HS0220|a b»", "pool = «HS0220|\"a b\"»"},
}

// alone are mistakes about what or where a node is: others cannot be judged by it.
var alone = append([]plant{
	{"type", "type: «HS0303|toaster»", "type = «HS0303|\"toaster\"»"},
	{"spec", "spec: «HS0211|speck»", "spec = «HS0211|spec.speck»"},
	{"parent", "parent: «HS0215|nobody»", "parent = «HS0215|\"nobody\"»"},
}, anywhere...)

// together are mistakes of several nodes. NAME-a and so on are their names.
var together = [][]plant{
	{{"vmid", "vmid: 5%d", "vmid = 5%d"}, {"vmid", "vmid: «HS0430|5%d»", "vmid = «HS0430|5%d»"}},
	{{"network", "network: {mac: \"BC:24:11:00:10:%d\"}", "network = { mac = \"BC:24:11:00:10:%d\" }"},
		{"network", "network: {mac: «HS0432|\"bc:24:11:00:10:%d\"»}", "network = { mac = «HS0432|\"bc:24:11:00:10:%d\"» }"}},
	{{"network", "network: {ip: 10.%d.7.10/24}", "network = { ip = \"10.%d.7.10/24\" }"},
		{"network", "network: {ip: «HS0431|10.%d.7.10/16»}", "network = { ip = «HS0431|\"10.%d.7.10/16\"» }"}},
	{{"depends_on", "depends_on: [NAME-b]", "depends_on = [node.NAME-b]"},
		{"depends_on", "depends_on: [«HS0401|NAME-a»]", "depends_on = [«HS0401|node.NAME-a»]"}},
	{{"type spec", "type: vm", "type = \"vm\""}, {"parent", "parent: «HS0402|NAME-a»", "parent = «HS0402|\"NAME-a\"»"}},
	{{"type spec parent", "type: pve\n    parent: «HS0401|NAME-b»", "type = \"pve\"\n    parent = «HS0401|\"NAME-b\"»"},
		{"type spec parent", "type: pve\n    parent: NAME-a", "type = \"pve\"\n    parent = \"NAME-a\""}},
	{{"count vmid network", "count: 2\n    vmid: «HS0430|6%d»", "count = 2\n    vmid = «HS0430|6%d»"}},
	{{"depends_on", "depends_on: [«HS0416|NAME-a»]", "depends_on = [«HS0416|node.NAME-a»]"}},
}

// Any mistakes of any nodes are all found in one run, each at its column, and
// nothing else is, in both syntaxes.
func TestEveryMistakeAndNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.SampledFrom([]string{"", "«HS0303|banana»"}).Draw(t, "pattern")
		var nodes []planted
		for n := range rapid.IntRange(1, 8).Draw(t, "groups") {
			name := fmt.Sprintf("n%d", n)
			if rapid.Bool().Draw(t, "together") {
				for i, p := range rapid.SampledFrom(together).Draw(t, "pair") {
					others := anywhere
					if strings.Contains(p.yaml, "mac:") { // which clashes wherever the two are
						others = alone
					}
					nodes = append(nodes, planted{fmt.Sprintf("%s-%c", name, 'a'+i), n, with(t, []plant{p}, others)})
				}
				continue
			}
			nodes = append(nodes, planted{name, n, with(t, nil, alone)})
		}
		yaml, hcl := write(pattern, nodes)
		compare(t, "manifests/m.yaml", yaml)
		compare(t, "manifests/m.hcl", hcl)
	})
}

type planted struct {
	name   string
	number int
	plants []plant
}

// with adds some plants of fields that are still free.
func with(t *rapid.T, have, choice []plant) []plant {
	taken := map[string]bool{}
	for _, p := range have {
		for _, f := range strings.Fields(p.field) {
			taken[f] = true
		}
	}
	for _, p := range rapid.SliceOfN(rapid.SampledFrom(choice), 0, 5).Draw(t, "plants") {
		if fields := strings.Fields(p.field); !slices.ContainsFunc(fields, func(f string) bool { return taken[f] }) {
			have = append(have, p)
			for _, f := range fields {
				taken[f] = true
			}
		}
	}
	return have
}

func write(pattern string, nodes []planted) (yaml, hcl string) {
	yaml, hcl = "schema_version: 2\nname: m\n", "manifest \"m\" {\n"
	if pattern != "" {
		yaml += "pattern: " + pattern + "\n"
		hcl += "  pattern = " + strings.NewReplacer("|", "|\"", "»", "\"»").Replace(pattern) + "\n"
	}
	yaml += "nodes:\n"
	for i, n := range nodes {
		fill := strings.NewReplacer("%d", strconv.Itoa(50+n.number), "%s", strconv.Itoa(20+i), "NAME", strings.Split(n.name, "-")[0]).Replace
		yaml += "  - name: " + n.name + "\n"
		hcl += "  node \"" + n.name + "\" {\n"
		for _, p := range n.plants {
			yaml += "    " + fill(p.yaml) + "\n"
			hcl += "    " + fill(p.hcl) + "\n"
		}
		hcl += "  }\n"
	}
	return yaml, hcl + "}\n"
}

var planting = regexp.MustCompile(`«(HS\d{4})\|([^»]*)»`)

// compare compiles a text without its plants and looks for each where it was.
func compare(t *rapid.T, name, text string) {
	var want []string
	for {
		m := planting.FindStringSubmatchIndex(text)
		if m == nil {
			break
		}
		want = append(want, fmt.Sprintf("%d %s", m[0], text[m[2]:m[3]]))
		text = text[:m[0]] + text[m[4]:m[5]] + text[m[1]:]
	}
	site := fstest.MapFS{
		"site.yaml": {Data: []byte("site_id: 7d3b6c1a-52f4-4a0e-9d7e-1f2a3b4c5d6e\n"), Mode: 0o644},
		name:        {Data: []byte(text), Mode: 0o644},
	}
	s, list := compiler.Load(site)
	_, more := compiler.Compile(s, compiler.Options{Manifest: "m"})
	var got []string
	for _, d := range append(list, more...) {
		got = append(got, fmt.Sprintf("%d %s", d.Range.Start, d.Code))
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		var b strings.Builder
		diag.Text(&b, append(list, more...), diag.TextOptions{Brief: true})
		t.Fatalf("%s:\n%s\nwant %v\ngot  %v\n%s", name, text, want, got, b.String())
	}
}
