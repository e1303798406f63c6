package shell

import (
	"bytes"
	"context"
	"io"
)

// output is a file that a redirection writes when the command has ended.
type output struct {
	bytes.Buffer
	path   string
	append bool
}

// redirect opens the files of redirections. Their permissions are checked
// before the command runs, their contents written after it.
func (s *Shell) redirect(ctx context.Context, rs []redirect, p *Process) ([]*output, error) {
	var files []*output
	for _, r := range rs {
		switch r.op {
		case "&":
			from := map[int]io.Writer{1: p.Stdout, 2: p.Stderr}[r.to]
			if r.fd == 1 {
				p.Stdout = from
			} else {
				p.Stderr = from
			}
		case "<":
			data, err := s.Read(ctx, r.target.join(s.get))
			if err != nil {
				return nil, err
			}
			p.Stdin = bytes.NewReader(data)
		default:
			path := r.target.join(s.get)
			if path == "/dev/null" {
				p.send(r.fd, io.Discard)
				continue
			}
			if err := s.MayWrite(path); err != nil {
				return nil, err
			}
			f := &output{path: path, append: r.op == ">>"}
			files = append(files, f)
			p.send(r.fd, f)
		}
	}
	return files, nil
}

func (p *Process) send(fd int, w io.Writer) {
	if fd == 2 {
		p.Stderr = w
	} else {
		p.Stdout = w
	}
}

func (s *Shell) save(ctx context.Context, f *output) error {
	data := f.Bytes()
	if f.append {
		if old, _, err := s.Machine.ReadFile(ctx, s.Abs(f.path)); err == nil {
			data = append(old, data...)
		}
	}
	return s.Write(ctx, f.path, data, 0)
}
