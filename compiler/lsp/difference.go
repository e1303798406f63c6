package lsp

import "strings"

// maxDifferent bounds the search for a smallest change, whose cost is its
// square; texts that differ more are replaced from the first difference to the
// last.
const maxDifferent = 1000

// replacement puts a text in place of the bytes start…end.
type replacement struct {
	start, end int
	text       string
}

// difference is what makes one text of another: few replacements, in order, that
// leave alone what stays, so that marks and folds of an editor stay where they
// are.
func difference(from, to string) []replacement {
	a, b := strings.SplitAfter(from, "\n"), strings.SplitAfter(to, "\n")
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	at := 0
	for _, line := range a[:head] {
		at += len(line)
	}
	a, b = a[head:len(a)-tail], b[head:len(b)-tail]
	if len(a) == 0 && len(b) == 0 {
		return nil
	}
	var out []replacement
	for _, h := range hunks(a, b) {
		start := at + length(a[:h.a])
		r := replacement{start, start + length(a[h.a:h.aEnd]), strings.Join(b[h.b:h.bEnd], "")}
		out = append(out, trimmed(r, from))
	}
	return out
}

func length(lines []string) (n int) {
	for _, l := range lines {
		n += len(l)
	}
	return n
}

// trimmed leaves out of a replacement what begins and ends as before. It cuts
// between characters.
func trimmed(r replacement, from string) replacement {
	old := from[r.start:r.end]
	head := 0
	for head < len(old) && head < len(r.text) && old[head] == r.text[head] {
		head++
	}
	for head > 0 && !(starts(old, head) && starts(r.text, head)) {
		head--
	}
	old, r.text, r.start = old[head:], r.text[head:], r.start+head
	tail := 0
	for tail < len(old) && tail < len(r.text) && old[len(old)-1-tail] == r.text[len(r.text)-1-tail] {
		tail++
	}
	for tail > 0 && !(starts(old, len(old)-tail) && starts(r.text, len(r.text)-tail)) {
		tail--
	}
	r.end, r.text = r.end-tail, r.text[:len(r.text)-tail]
	return r
}

// starts says whether a cut at i is between characters; CR LF is one, for there
// is no place between them in the protocol.
func starts(s string, i int) bool {
	if i > 0 && i < len(s) && s[i-1] == '\r' && s[i] == '\n' {
		return false
	}
	return i == len(s) || s[i]&0xc0 != 0x80
}

// hunk is a run of lines a…aEnd that others, b…bEnd, take the place of.
type hunk struct{ a, aEnd, b, bEnd int }

// hunks finds the least lines to change: Myers' greedy search, forwards.
func hunks(a, b []string) []hunk {
	n, m := len(a), len(b)
	most := min(n+m, maxDifferent)
	reach := make([]int, 2*most+2) // furthest line of a on each diagonal
	var trace [][]int
	for d := 0; d <= most; d++ {
		trace = append(trace, append([]int(nil), reach...))
		for k := -d; k <= d; k += 2 {
			x := step(reach, most, k, d)
			y := x - k
			for x < n && y < m && a[x] == b[y] {
				x, y = x+1, y+1
			}
			reach[k+most] = x
			if x >= n && y >= m {
				return walkBack(trace, most, n, m, d)
			}
		}
	}
	return []hunk{{0, n, 0, m}}
}

// step is where diagonal k is reached with one change more: from the one above
// it, by a line that is added, or the one below, by a line that goes.
func step(reach []int, most, k, d int) int {
	switch {
	case d == 0:
		return 0
	case k == -d, k != d && reach[k-1+most] < reach[k+1+most]:
		return reach[k+1+most]
	}
	return reach[k-1+most] + 1
}

// walkBack follows the way of a search from its end, and joins changes that
// touch.
func walkBack(trace [][]int, most, x, y, d int) []hunk {
	var out []hunk
	for ; d > 0; d-- {
		reach, k := trace[d], x-y
		from := k - 1
		if k == -d || k != d && reach[k-1+most] < reach[k+1+most] {
			from = k + 1
		}
		px := reach[from+most]
		py := px - from
		h := hunk{px, px, py, py}
		if from == k+1 {
			h.bEnd++
		} else {
			h.aEnd++
		}
		if n := len(out); n > 0 && out[n-1].a == h.aEnd && out[n-1].b == h.bEnd {
			out[n-1].a, out[n-1].b = h.a, h.b
		} else {
			out = append(out, h)
		}
		x, y = px, py
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}
