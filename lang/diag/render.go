package diag

import (
	"fmt"
	"io"
	"strings"
)

// Formats are the names Render knows, the default first.
func Formats() []string { return []string{"text", "json", "github", "sarif"} }

// RenderOptions are what renderings need to know of their surroundings.
type RenderOptions struct {
	Text TextOptions
	// Below is the path of the site from the root of its repository, with
	// forward slashes and without one at the end; "" when the two are one.
	// Names of files are relative to the site; what runs in CI wants them
	// relative to the repository.
	Below string
	// Version of the program, for SARIF.
	Version string
}

// Render writes findings in one of Formats, in the order given:
//
//	text    for people, see Text
//	json    one object a line, see JSON
//	github  annotations of GitHub Actions, see GitHub
//	sarif   one SARIF 2.1.0 log, see SARIF
//
// An empty list gives nothing, but for SARIF, whose log says that the tool ran.
func Render(w io.Writer, l List, format string, o RenderOptions) error {
	switch format {
	case "text":
		if len(l) == 0 {
			return nil
		}
		return Text(w, l, o.Text)
	case "json":
		return JSON(w, l)
	case "github":
		return GitHub(w, l, o.Below)
	case "sarif":
		return SARIF(w, l, o)
	}
	return fmt.Errorf("there is no format %q: write one of %s", format, strings.Join(Formats(), ", "))
}
