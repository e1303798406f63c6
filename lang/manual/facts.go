package manual

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/unit"
)

// form is how a value of a type is written.
type form struct {
	of      schema.Type
	text    string
	example string
}

func formsOfTypes() []form {
	return []form{
		{schema.String, "text, in quotes if it looks like anything else", `some text`},
		{schema.Name, "letters, digits, and _ . - inside, at most 63", "web_2"},
		{schema.Label, "one DNS label: lower-case letters, digits and inner hyphens, at most 63", "web-1"},
		{schema.Bool, "true or false, without quotes", "true"},
		{schema.Int, "a whole number, without quotes", "4"},
		{schema.Size, "a whole number with KiB, MiB, GiB or TiB, or a bare one in the field's unit", "64GiB"},
		{schema.Duration, "whole weeks, days, hours, minutes and seconds (w d h m s), the larger first; a bare number counts seconds", "1h30m"},
		{schema.IP, "an IPv4 address", "192.0.2.1"},
		{schema.CIDR, "dhcp, or an IPv4 address with its prefix length", "192.0.2.10/24"},
		{schema.MAC, "six octets in hex, the first of them even", "BC:24:11:00:00:01"},
		{schema.UUID, "as uuidgen prints it", "2d7428a6-b58c-4008-8575-f05549f16316"},
		{schema.URL, "https, a machine and perhaps a port", "https://192.0.2.1:8006"},
		{schema.Domain, "DNS labels joined by dots", "home.arpa"},
		{schema.Zone, "an IANA name", "Europe/Berlin"},
		{schema.Package, "the name apt knows a package by", "nginx"},
		{schema.Service, "the name of a systemd unit", "ssh"},
		{schema.Login, "a name that useradd takes", "ann"},
		{schema.Tag, "lower-case letters, digits, and _ + . - inside, at most 64", "web"},
		{schema.Pool, "at most three levels joined by /", "prod/web"},
		{schema.Bridge, "the name of a bridge of the host", "vmbr0"},
		{schema.Storage, "the name of a storage of the host", "local-zfs"},
		{schema.DiskName, "lower-case letters, digits and inner hyphens, at most 20", "data"},
		{schema.Word, "a word that Proxmox VE knows", "host"},
		{schema.Machine, "pc, q35, or a version of one", "pc-q35-9.2"},
		{schema.Path, "an absolute path without . and ..", "/srv/data"},
		{schema.Mode, "three octal digits, perhaps after a 0, in quotes", "0644"},
		{schema.Window, "days and two times, as a maintenance window", "Sun 02:00-04:00"},
	}
}

// holds says what a field takes, in a few words.
func (m *maker) holds(f *schema.Field, in *schema.Object) string {
	switch {
	case f.Enum != nil:
		return "one of `" + strings.Join(f.Enum, "`, `") + "`"
	case f.Type == schema.Int && f.Min == f.Max:
		return fmt.Sprintf("`%d`", f.Min)
	case f.Type == schema.Int:
		return fmt.Sprintf("a whole number, %d to %d", f.Min, f.Max)
	case f.Type == schema.Size:
		return "a size" + bounds(f) + "; a bare number counts " + strings.TrimPrefix(f.Unit.String(), "1")
	case f.Type == schema.Ref && f.Object != nil:
		return fmt.Sprintf("the name of a %s, or a mapping, `%s`", f.Of, m.path[f.Object])
	case f.Type == schema.Ref:
		return "the name of " + article(f.Of)
	case f.Type == schema.List && f.Elem.Type == schema.Group:
		return fmt.Sprintf("a list; each item `%s`", m.path[objectOf(f, in)])
	case f.Type == schema.List:
		return "a list; each item " + m.holds(f.Elem, in)
	case f.Type == schema.Group:
		return fmt.Sprintf("a mapping, `%s`", m.path[objectOf(f, in)])
	}
	return f.Type.String()
}

func bounds(f *schema.Field) string {
	least, most := unit.Size(f.Min), unit.Size(f.Max)
	switch {
	case f.Min > 0 && f.Max > 0:
		return fmt.Sprintf(", %s to %s", least, most)
	case f.Max > 0:
		return fmt.Sprintf(", at most %s", most)
	case f.Min > 0:
		return fmt.Sprintf(", at least %s", least)
	}
	return ""
}

func article(noun string) string {
	if strings.IndexByte("aeiou", noun[0]) >= 0 {
		return "an " + noun
	}
	return "a " + noun
}

// remarks are what there is to know of a field besides its meaning.
func remarks(b *block, f *schema.Field) []string {
	var out []string
	switch {
	case f.Required:
		out = append(out, "Required.")
	case f.InYAML:
		out = append(out, "Required in YAML.")
	case f.Top && f.Key == "expressions":
		out = append(out, "HCL always has them.")
	case f.Top:
		out = append(out, "With `expressions: true` alone; in HCL at the top of the file.")
	}
	for _, a := range b.aliases(f.Key) {
		out = append(out, fmt.Sprintf("Upstream's name, `%s`, is accepted with a warning.", a))
	}
	switch {
	case f.Use == schema.Later && f.New:
		out = append(out, "Not supported in this version: refused.")
	case f.Use == schema.Later:
		out = append(out, "Not supported in this version: a warning.")
	case f.Use == schema.Retired:
		out = append(out, "Upstream's; it has no effect: a warning.")
	case f.Use == schema.Record:
		out = append(out, "Upstream's note; nothing acts on it.")
	}
	return out
}

// written is one line of a field in each syntax.
func (m *maker) written(b *block, f *schema.Field) (yaml, hcl string) {
	value, typed := m.example(f)
	switch {
	case f.Type == schema.Group:
		yaml, hcl = f.Key+": { … }", f.Key+" { … }"
	case f.Type == schema.List && repeated(f.Key) != "":
		yaml, hcl = f.Key+": [ … ]", repeated(f.Key)+" { … }"
	case f.Top && f.Type == schema.Table:
		yaml = f.Key + ": { … }"
		if hcl = f.Key + " { … }"; f.Key == "variables" {
			hcl = "variable \"NAME\" { … }"
		}
	case f.Top:
		yaml = f.Key + ": true"
	case f.Type == schema.List:
		value, typed = m.example(f.Elem)
		yaml, hcl = fmt.Sprintf("%s: [%s]", f.Key, value), fmt.Sprintf("%s = [%s]", f.Key, typed)
	default:
		yaml, hcl = f.Key+": "+value, f.Key+" = "+typed
	}
	if b.yaml == "" {
		yaml = ""
	}
	if b.hcl == "" {
		hcl = ""
	}
	return yaml, hcl
}

// example is a value of a field in YAML and in HCL.
func (m *maker) example(f *schema.Field) (yaml, hcl string) {
	value := f.Default
	switch {
	case value != "":
	case f.Type == schema.String && f.Enum == nil:
		return `"…"`, `"…"`
	case f.Enum != nil:
		value = f.Enum[0]
	case f.Type == schema.Int && f.Min == f.Max, f.Type == schema.Int && f.Min > 4:
		value = fmt.Sprint(f.Min)
	default:
		value = m.forms[f.Type]
	}
	switch f.Type {
	case schema.Any, schema.Group, schema.Table:
		return "…", "…"
	case schema.Bool, schema.Int:
		return value, value
	case schema.Size:
		if _, err := strconv.Atoi(value); err == nil {
			return value, value
		}
	case schema.Ref:
		if value == "" {
			value = map[string]string{schema.KindHost: "father"}[f.Of]
		}
		if value == "" {
			value = "dns"
		}
		return value, f.Of + "." + value
	}
	quoted := `"` + value + `"`
	if _, err := strconv.Atoi(value); err == nil || value == "yes" || value == "no" || f.Type == schema.MAC {
		return quoted, quoted // YAML would read something else
	}
	return value, quoted
}
