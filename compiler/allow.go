package compiler

import (
	"sync"

	"github.com/homestak/homestak/lang/allow"
	"github.com/homestak/homestak/lang/diag"
)

// allowances are the comments of a site's files that allow warnings. They are
// applied here, in what Load, Compile, Hosts and Check return, so that a
// terminal, CI and an editor say the same.
type allowances struct {
	once   sync.Once
	set    allow.Set
	atLoad allow.Used // what silenced findings of Load
}

// allows reads the comments of the files when they are first needed.
func (s *Site) allows() *allow.Set {
	s.allowed.once.Do(func() {
		for _, f := range s.files {
			s.allowed.set.Add(f)
		}
	})
	return &s.allowed.set
}

// loaded is what Load returns of its findings. What is wrong with a comment
// itself is said by who compiles, or checks, its file.
func (s *Site) loaded(l diag.List) diag.List {
	l, s.allowed.atLoad = s.allows().Silence(l)
	return l
}

// silenced is what a compilation returns of its findings, with those about the
// comments of the documents it used.
func (c *compilation) silenced() diag.List {
	set := c.site.allows()
	if set.Empty() {
		return c.done()
	}
	c.list, _ = set.Silence(c.list)
	if c.manifest != nil {
		c.list = append(c.list, set.Findings(c.manifest.doc.file)...)
	}
	for doc := range c.reported {
		if c.manifest == nil || doc != c.manifest.doc {
			c.list = append(c.list, set.Findings(doc.file)...)
		}
	}
	return c.done()
}

// allowedOf is what Check returns of all findings of all files, with those
// about all comments.
func (s *Site) allowedOf(f findings) diag.List {
	set := s.allows()
	if set.Empty() {
		return f.done()
	}
	var used allow.Used
	f.list, used = set.Silence(f.list)
	f.list = append(f.list, set.AllFindings()...)
	f.list = append(f.list, set.Unused(f.list, s.allowed.atLoad, used)...)
	return f.done()
}
