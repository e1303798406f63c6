package converge

// Status of one resource.
type Status string

const (
	OK      Status = "ok"      // it was right already
	Changed Status = "changed" // it was wrong, was applied and is right now
	Differs Status = "differs" // check mode: it is not as the program says
	Failed  Status = "failed"  // it is wrong and could not be made right, or could not be checked
	Unknown Status = "unknown" // not looked at, because something it needs failed or the run was cut off
)

// Result is about one resource.
type Result struct {
	Index    int    `json:"index"`    // in the program, from 0
	Resource string `json:"resource"` // program.Resource.String(), "user alice"
	Kind     string `json:"kind"`
	Status   Status `json:"status"`
	Diffs    []Diff `json:"diffs,omitempty"` // what was wrong before anything was done
	Code     string `json:"code,omitempty"`
	Reason   string `json:"reason,omitempty"` // of failed and unknown
}

// Diff is one attribute that is not as the program says. Sensitive values are
// replaced by "(secret)", both sides.
type Diff struct {
	Attr string `json:"attr"`
	Have string `json:"have"`
	Want string `json:"want"`
}

// Report is the whole run.
type Report struct {
	Node    string `json:"node"`
	Program string `json:"program"` // digest
	Check   bool   `json:"check"`
	OK      int    `json:"ok"`
	Changed int    `json:"changed"`
	Differs int    `json:"differs"`
	Failed  int    `json:"failed"`
	Unknown int    `json:"unknown"`
	// Error is set when the run did not get as far as its first resource.
	Code  string `json:"code,omitempty"`
	Error string `json:"error,omitempty"`
}

// Holds reports whether everything is as the program says.
func (r Report) Holds() bool {
	return r.Error == "" && r.Differs == 0 && r.Failed == 0 && r.Unknown == 0
}

// Exit codes of Serve.
const (
	ExitOK      = 0 // everything holds
	ExitFailed  = 1 // something failed or is unknown, or the request was refused
	ExitDiffers = 2 // check mode found differences and nothing worse
)

// Exit is the exit code that tells r.
func (r Report) Exit() int {
	switch {
	case r.Error != "" || r.Failed > 0 || r.Unknown > 0:
		return ExitFailed
	case r.Differs > 0:
		return ExitDiffers
	}
	return ExitOK
}

func (r *Report) count(s Status) {
	switch s {
	case OK:
		r.OK++
	case Changed:
		r.Changed++
	case Differs:
		r.Differs++
	case Failed:
		r.Failed++
	case Unknown:
		r.Unknown++
	}
}
