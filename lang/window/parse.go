package window

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/homestak/homestak/lang/diag"
)

// maxLength bounds a text in bytes: far more than a week has windows.
const maxLength = 1024

// Error says what is wrong with a text and where.
type Error struct {
	Offset, Length int // in bytes of the text
	Reason         string
	Help           string
}

func (e *Error) Error() string { return e.Reason + ": " + e.Help }

type windowsTree struct {
	Windows []*windowTree `parser:"@@ ( Comma @@ )*"`
}

type windowTree struct {
	Pos    lexer.Position
	Days   []*daysTree `parser:"@@ ( Comma @@ )*"`
	From   string      `parser:"@Time"`
	To     string      `parser:"Dash @Time"`
	EndPos lexer.Position
}

type daysTree struct {
	From *dayTree `parser:"@@"`
	To   *dayTree `parser:"( Dash @@ )?"`
}

type dayTree struct {
	Pos  lexer.Position
	Name string `parser:"@Word"`
}

// grammar is made when it is first needed: that takes longer than parsing.
var grammar = sync.OnceValue(func() *participle.Parser[windowsTree] {
	lex := lexer.MustSimple([]lexer.SimpleRule{
		{Name: "Space", Pattern: `\s+`},
		{Name: "Time", Pattern: `[0-9]{1,2}:[0-9]{2}`},
		{Name: "Word", Pattern: `[A-Za-z]+`},
		{Name: "Dash", Pattern: `-`},
		{Name: "Comma", Pattern: `,`},
		{Name: "Other", Pattern: `.`},
	})
	return participle.MustBuild[windowsTree](participle.Lexer(lex), participle.Elide("Space"))
})

// Parse reads windows. The error is an *Error.
func Parse(text string) (Windows, error) {
	if len(text) > maxLength {
		return nil, &Error{maxLength, 0, fmt.Sprintf("longer than %d bytes", maxLength), "write fewer windows"}
	}
	tree, err := grammar().ParseString("", text)
	if err != nil {
		at := len(text)
		var perr participle.Error
		if errors.As(err, &perr) {
			at = min(at, perr.Position().Offset)
		}
		return nil, &Error{at, min(1, len(text)-at), found(text, at), "write days and two times, as in Sun 02:00-04:00 or daily 01:00-03:00"}
	}
	var all Windows
	for _, t := range tree.Windows {
		w, err := t.window()
		if err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return all, nil
}

func found(text string, at int) string {
	if at == len(text) {
		return "the text ends too early"
	}
	return fmt.Sprintf("%q is not expected here", []rune(text[at:])[0])
}

func (t *windowTree) window() (w Window, err *Error) {
	for _, d := range t.Days {
		days, err := d.days(len(t.Days) == 1)
		if err != nil {
			return w, err
		}
		w.Days |= days
	}
	at := t.EndPos.Offset - len(t.To)
	if w.From, w.To = minutes(t.From), minutes(t.To); w.From >= dayEnd || w.To > dayEnd {
		return w, &Error{t.Pos.Offset, t.EndPos.Offset - t.Pos.Offset, "no such time of day", "times are from 00:00 to 23:59; a window may end at 24:00"}
	}
	if w.To == 0 {
		w.To = dayEnd
	}
	if w.From == w.To {
		return w, &Error{at, len(t.To), "the window has no length", "for a whole day write 00:00-24:00"}
	}
	return w, nil
}

func (d *daysTree) days(alone bool) (Days, *Error) {
	if strings.EqualFold(d.From.Name, "daily") {
		if d.To != nil || !alone {
			return 0, &Error{d.From.Pos.Offset, len(d.From.Name), "daily is every day already", "write it alone, or name days"}
		}
		return everyDay, nil
	}
	from, err := d.From.day()
	if err != nil || d.To == nil {
		return 1 << from, err
	}
	to, err := d.To.day()
	if err != nil {
		return 0, err
	}
	days := Days(1 << from)
	for i := from; i != to; {
		i = (i + 1) % 7
		days |= 1 << i
	}
	return days, nil
}

func (d *dayTree) day() (int, *Error) {
	var known []string
	for i, name := range dayNames {
		if strings.EqualFold(d.Name, name) || strings.EqualFold(d.Name, name[:3]) {
			return i, nil
		}
		known = append(known, name[:3], name)
	}
	e := &Error{d.Pos.Offset, len(d.Name), fmt.Sprintf("%q is no day", d.Name), "days are Mon, Tue, Wed, Thu, Fri, Sat, Sun; daily is all of them"}
	if s := diag.Suggest(d.Name, append(known, "daily")); s != "" {
		e.Help = fmt.Sprintf("did you mean %s?", s)
	}
	return 0, e
}

// minutes of a time of day, or more than a day has.
func minutes(s string) int {
	h, m, _ := strings.Cut(s, ":")
	n := func(s string) (n int) {
		for i := range len(s) {
			n = n*10 + int(s[i]-'0')
		}
		return n
	}
	if n(m) > 59 {
		return dayEnd + 1
	}
	return n(h)*60 + n(m)
}
