package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/plan"
)

// Marker is what a guest's notes say about its owner.
type Marker struct {
	SiteID      string
	Manifest    string
	Addr        addr.Address
	UUID        string // of record
	VMID        uint
	Incarnation uint
	Kind        string    // vm, pve; "" when it does not say
	Program     string    // digest of the program last proven ready, "" before
	Secrets     string    // plan.SecretsDigest of the secrets it was proven with, "" for none that is locked
	Port        uint      // where its sshd listens since then, 0 = 22
	Test        bool      // a test made the guest and nothing else has wanted it since
	Adopted     bool      // the guest was there before homestak, which never made nor configured it
	Forgotten   bool      // the site gave the guest up: the marker stands for nobody's
	Made        []plan.KV // by name: what creation fixed, see the Made… names of package plan; empty values are left out
	Fields      []plan.KV // by key: Field hashes of what was last applied
}

// MaxNotes is PVE's limit on a guest's notes, in characters.
const MaxNotes = 8192

// The block is a fenced code block, so that PVE shows it as it is:
//
//	block  = "```homestak" NL body "mac" SP hex64 NL "```" NL
//	body   = "marker 1" NL "site" … "manifest" … "address" … "uuid" … "vmid" …
//	         "incarnation" … [ "kind" … ] [ "program" … ] [ "secrets" … ]
//	         [ "port" … ] [ "test true" NL ] [ "adopted true" NL ] [ "forgotten true" NL ]
//	         *( "made" SP name SP value NL ) *( "field" SP key SP hex NL )
//
// in this order, one space between name and value. The mac is HMAC-SHA256 over
// body, keyed with the site's marker key.
const (
	fenceOpen  = "```homestak"
	fenceClose = "```"
	version    = "marker 1"
)

// Seal writes the block. It ends with a newline.
func Seal(m Marker, key []byte) string {
	body := m.body()
	return fenceOpen + "\n" + body + "mac " + mac(key, body) + "\n" + fenceClose + "\n"
}

func (m Marker) body() string {
	var b strings.Builder
	line := func(name, value string) { b.WriteString(name + " " + value + "\n") }
	b.WriteString(version + "\n")
	line("site", m.SiteID)
	line("manifest", m.Manifest)
	line("address", string(m.Addr))
	line("uuid", m.UUID)
	line("vmid", strconv.FormatUint(uint64(m.VMID), 10))
	line("incarnation", strconv.FormatUint(uint64(m.Incarnation), 10))
	if m.Kind != "" {
		line("kind", m.Kind)
	}
	if m.Program != "" {
		line("program", m.Program)
	}
	if m.Secrets != "" {
		line("secrets", m.Secrets)
	}
	if m.Port != 0 {
		line("port", strconv.FormatUint(uint64(m.Port), 10))
	}
	if m.Test {
		line("test", "true")
	}
	if m.Adopted {
		line("adopted", "true")
	}
	if m.Forgotten {
		line("forgotten", "true")
	}
	for _, f := range m.Made {
		line("made", f.Key+" "+f.Value)
	}
	for _, f := range m.Fields {
		line("field", f.Key+" "+f.Value)
	}
	return b.String()
}

func mac(key []byte, body string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("homestak marker\n" + body))
	return hex.EncodeToString(h.Sum(nil))
}

// Open finds the block in a guest's notes. It is authentic when the mac holds
// and the marker names vmid, the guest's own number: a clone and a restored copy
// carry the text but not the number. PVE's trailing newline, CRLF and blanks at
// line ends do no harm; a second block makes both worthless, because nobody can
// say which one is true, unless one of them says that the site gave the guest up:
// that one counts.
func Open(notes string, vmid uint, key []byte) (m Marker, authentic, found bool) {
	blocks := find(notes)
	if len(blocks) == 0 {
		return Marker{}, false, false
	}
	for i, b := range blocks {
		one, ok := parse(b.body)
		good := ok && hmac.Equal([]byte(b.mac), []byte(mac(key, b.body))) && one.VMID == vmid && vmid != 0
		if good && one.Forgotten {
			return one, true, true
		}
		if i == 0 {
			m, authentic = one, good && len(blocks) == 1
		}
	}
	return m, authentic, true
}

type block struct {
	start, end int // of the lines in the notes, end exclusive
	body, mac  string
}

// find returns the blocks of some notes, split at line ends.
func find(notes string) []block {
	lines := splitLines(notes)
	var blocks []block
	for i := 0; i < len(lines); i++ {
		if lines[i] != fenceOpen {
			continue
		}
		end := i + 1
		for end < len(lines) && lines[end] != fenceClose && lines[end] != fenceOpen {
			end++
		}
		b := block{start: i, end: min(end+1, len(lines))}
		if end < len(lines) && lines[end] == fenceOpen {
			b.end = end
		}
		inside := lines[i+1 : end]
		if n := len(inside); n > 0 {
			if hexText, ok := strings.CutPrefix(inside[n-1], "mac "); ok {
				b.mac = hexText
				inside = inside[:n-1]
			}
		}
		b.body = strings.Join(inside, "\n") + "\n"
		if b.mac != "" || strings.HasPrefix(b.body, "marker ") { // else people wrote it
			blocks = append(blocks, b)
		}
		i = b.end - 1
	}
	return blocks
}

func splitLines(notes string) []string {
	lines := strings.Split(notes, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " \t\r")
	}
	return lines
}

// parse reads a body; it is false unless the body is exactly what body writes.
func parse(text string) (m Marker, ok bool) {
	for _, l := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		name, value, _ := strings.Cut(l, " ")
		switch name {
		case "site":
			m.SiteID = value
		case "manifest":
			m.Manifest = value
		case "address":
			m.Addr = addr.Address(value)
		case "uuid":
			m.UUID = value
		case "vmid":
			m.VMID = number(value)
		case "incarnation":
			m.Incarnation = number(value)
		case "kind":
			m.Kind = value
		case "program":
			m.Program = value
		case "secrets":
			m.Secrets = value
		case "port":
			m.Port = number(value)
		case "test":
			m.Test = value == "true"
		case "adopted":
			m.Adopted = value == "true"
		case "forgotten":
			m.Forgotten = value == "true"
		case "made":
			k, v, _ := strings.Cut(value, " ")
			m.Made = append(m.Made, plan.KV{Key: k, Value: v})
		case "field":
			k, v, _ := strings.Cut(value, " ")
			m.Fields = append(m.Fields, plan.KV{Key: k, Value: v})
		}
	}
	return m, m.body() == text
}

func number(s string) uint {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return 0
	}
	return uint(n)
}

// Put writes a sealed block into notes: in the place of the one that is there,
// else below the user's own text, which stays as it is. Further blocks go. It is
// false, and nothing is written, when the result would exceed MaxNotes.
func Put(notes, sealed string) (string, bool) {
	lines := strings.Split(strings.ReplaceAll(notes, "\r\n", "\n"), "\n")
	seal := strings.Split(strings.TrimSuffix(sealed, "\n"), "\n")
	blocks := find(notes)
	if len(blocks) == 0 {
		own := strings.TrimRight(strings.Join(lines, "\n"), "\n")
		if own != "" {
			own += "\n\n"
		}
		return fits(own + strings.Join(seal, "\n") + "\n")
	}
	for i, b := range slices.Backward(blocks) {
		var with []string
		if i == 0 {
			with = seal
		}
		lines = slices.Replace(lines, b.start, b.end, with...)
	}
	return fits(strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n")
}

func fits(notes string) (string, bool) {
	if n := len([]rune(notes)); n > MaxNotes {
		return "", false
	}
	return notes, true
}

// Field is the keyed hash of one applied value, 12 hex digits. It tells "as we
// left it" from "changed since" and gives the value away to nobody without the
// key.
func Field(key []byte, uuid, name, value string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("homestak field\n" + uuid + "\n" + name + "\n" + value))
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// Fields hashes a whole configuration, for Marker.Fields.
func Fields(key []byte, uuid string, config []plan.KV) []plan.KV {
	out := make([]plan.KV, len(config))
	for i, kv := range config {
		out[i] = plan.KV{Key: kv.Key, Value: Field(key, uuid, kv.Key, kv.Value)}
	}
	return out
}

// Compare lists the keys the marker knows that still are as last applied, and
// those that are not, sorted. A key it does not know is in neither.
func (m Marker) Compare(key []byte, config []plan.KV) (unchanged, edited []string) {
	for _, f := range m.Fields {
		i := slices.IndexFunc(config, func(kv plan.KV) bool { return kv.Key == f.Key })
		value := ""
		if i >= 0 {
			value = config[i].Value
		}
		if f.Value == Field(key, m.UUID, f.Key, value) {
			unchanged = append(unchanged, f.Key)
		} else {
			edited = append(edited, f.Key)
		}
	}
	slices.Sort(unchanged)
	slices.Sort(edited)
	return unchanged, edited
}
