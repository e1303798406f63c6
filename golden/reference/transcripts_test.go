package reference_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// transcriptSections is the order in which the sections were recorded; the file
// has them by name.
var transcriptSections = []string{
	"01-access", "02-noperm", "03-create", "04-start", "05-config", "06-lock-clone", "07-cloudinit", "08-lxc", "08b-lxc", "08c-lxc",
	"09-import", "10-boot", "08d-lxc", "11-power-disk-snap", "12-tasks-etc", "13-agent", "14-upload", "15-nodes-locks", "16-perm",
	"17-more", "18-race-abort", "19-verify", "20-clone-boot",
}

// Every request that was recorded from Proxmox VE gets the same answer from the
// lab, except those in transcripts.txt. The list must be exact: a difference
// that is new and an entry that no longer differs both fail. With
// UPDATE_TRANSCRIPTS=1 the list is written anew; reasons stay.
func TestTranscripts(t *testing.T) {
	dir := folder(t, "the recorded requests")
	if dir == "" {
		return
	}
	data, err := os.ReadFile(filepath.Join(dir, "pve-transcripts.txt"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := parseTranscript(string(data))
	if err != nil {
		t.Fatal(err)
	}
	known, err := readDifferences("transcripts.txt")
	if err != nil {
		t.Fatal(err)
	}
	found := map[int]difference{}
	implemented := 0
	synctest.Test(t, func(t *testing.T) {
		p := openPlayer(t)
		replayed := 0
		for _, section := range transcriptSections {
			p.prepare(section)
			for i, x := range inSection(all, section) {
				d, has := p.replay(x, i)
				if d.class != "" {
					found[x.line] = d
				}
				if has {
					implemented++
				}
				replayed++
			}
		}
		if replayed != len(all) {
			t.Errorf("%d requests were replayed, %d recorded", replayed, len(all))
		}
	})
	if os.Getenv("UPDATE_TRANSCRIPTS") != "" {
		if err := writeDifferences("transcripts.txt", all, found, known); err != nil {
			t.Fatal(err)
		}
	}
	counts := map[string]int{}
	for _, x := range all {
		d, was := found[x.line], known[x.line]
		if d.class != "" {
			counts[d.class]++
			t.Logf("line %d %s: %s: %s", x.line, x.head(), d.class, d.detail)
		}
		switch {
		case os.Getenv("UPDATE_TRANSCRIPTS") != "", d.class == was.class:
		case d.class == "":
			t.Errorf("line %d %s no longer differs: take it out of transcripts.txt", x.line, x.head())
		default:
			t.Errorf("line %d %s differs: %s: %s", x.line, x.head(), d.class, d.detail)
		}
	}
	t.Logf("%d of %d requests agree, %d are on implemented methods; differences: %v", len(all)-len(found), len(all), implemented, counts)
}

func inSection(all []*exchange, section string) []*exchange {
	return slices.DeleteFunc(slices.Clone(all), func(x *exchange) bool { return x.section != section })
}

// replay sends a request and compares the answer, and says whether the lab has
// the method.
func (p *player) replay(x *exchange, i int) (d difference, implemented bool) {
	p.before(x)
	upid := upidText.FindString(textOf(x.body["data"]))
	p.passTime(upid)
	path := x.path
	for recorded, here := range p.names {
		path = strings.ReplaceAll(path, recorded, here)
	}
	params := slices.Clone(x.params)
	for k := range params {
		if here, ok := p.names[params[k][0]+"="+params[k][1]]; ok {
			params[k][1] = here
		}
	}
	status, body := p.send(sender(x, i), x.verb, path, params)
	p.keep(x, body)
	d = compareAnswers(x, status, body)
	implemented = !strings.HasPrefix(status, "501 ")
	here := textOf(body["data"])
	if upid == "" || !strings.HasPrefix(here, "UPID:") {
		return d, implemented
	}
	p.names[upid] = here
	if x.task == nil && x.section == "18-race-abort" {
		return d, implemented // where what comes next was asked while it ran
	}
	task := p.wait(here)
	if x.task != nil && d.class == "" {
		if got, want := textOf(task["exitstatus"]), textOf(x.task["exitstatus"]); got != want {
			d = differ(otherExit, "%q, PVE says %q", got, want)
		} else {
			d = compareValues("task", task, x.task, false)
		}
	}
	return d, implemented
}

// passTime lets as much time pass as had passed when the task of a recording
// started.
func (p *player) passTime(upid string) {
	const first = 0x6B03E1B8 // the first task, 20 s after the lab's start
	fields := strings.Split(upid, ":")
	if len(fields) < 5 {
		return
	}
	at, err := strconv.ParseInt(fields[4], 16, 64)
	if err != nil {
		p.t.Fatal(err)
	}
	began := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // as synctest has it
	time.Sleep(time.Until(began.Add(time.Duration(at-first+60) * time.Second)))
}

// keep remembers what later requests need.
func (p *player) keep(x *exchange, body map[string]any) {
	data, _ := body["data"].(map[string]any)
	if id := textOf(data["full-tokenid"]); id != "" {
		p.tokens[id] = id + "=" + textOf(data["value"])
	}
}

// readDifferences reads lines "LINE CLASS VERB PATH: reason".
func readDifferences(path string) (map[int]difference, error) {
	data, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	known := map[int]difference{}
	for s := bufio.NewScanner(strings.NewReader(string(data))); s.Scan(); {
		if s.Text() == "" || s.Text()[0] == '#' {
			continue
		}
		entry, reason, ok := strings.Cut(s.Text(), " -- ")
		fields := strings.Fields(entry)
		line, err := strconv.Atoi(fields[0])
		if err != nil || !ok || len(fields) != 4 || strings.TrimSpace(reason) == "" {
			return nil, fmt.Errorf("%s: no entry: %s", path, s.Text())
		}
		known[line] = difference{fields[1], reason}
	}
	return known, nil
}

const differencesHead = `# Requests of Proxmox VE's transcripts that the lab answers in another way, with
# the reason. TestTranscripts fails when one is missing here and when one is too
# many. LINE CLASS VERB PATH -- reason; lines are the transcript's.
#
# 501     the lab does not have the method
# status  another status line
# text    another text of an error, or another kind of task
# keys    other keys in the data
# types   other types of values
# exit    the task ended in another way
`

func writeDifferences(path string, all []*exchange, found, known map[int]difference) error {
	var b strings.Builder
	b.WriteString(differencesHead)
	section := ""
	for _, x := range all {
		d := found[x.line]
		if d.class == "" {
			continue
		}
		if x.section != section {
			section = x.section
			fmt.Fprintf(&b, "\n# %s\n", section)
		}
		reason := known[x.line].detail
		if known[x.line].class != d.class {
			reason = "not done yet"
		}
		fmt.Fprintf(&b, "%-4d %-6s %s %s -- %s\n", x.line, d.class, x.verb, x.path, reason)
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}
