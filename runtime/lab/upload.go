package lab

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"mime/multipart"
	"os"
	"strings"
)

// maxField bounds a form field beside an uploaded file.
const maxField = 8 << 10

// upload is a file that came in a multipart request, in the lab's tmp until a
// task moves it to a storage.
type upload struct {
	path string
	size int64
}

// discard removes the file unless it was taken.
func (u *upload) discard() {
	if u != nil && u.path != "" {
		os.Remove(u.path)
	}
}

// take hands the file over to the caller.
func (u *upload) take() *upload {
	taken := *u
	u.path = ""
	return &taken
}

// readUpload reads multipart/form-data: fields, then the file under
// "filename". Its name becomes the parameter filename.
func (l *Lab) readUpload(body io.Reader, boundary string) ([]KV, *upload, error) {
	if boundary == "" {
		return nil, nil, errorf(501, "upload without boundary")
	}
	mr := multipart.NewReader(body, boundary)
	var params []KV
	for {
		part, err := mr.NextPart()
		if errors.Is(err, io.EOF) {
			return params, nil, nil
		}
		if err != nil {
			return nil, nil, errorf(501, "upload failed")
		}
		if part.FormName() != "filename" {
			value, err := io.ReadAll(io.LimitReader(part, maxField+1))
			if err != nil || len(value) > maxField {
				return nil, nil, errorf(501, "upload failed")
			}
			params = append(params, KV{part.FormName(), strings.TrimRight(string(value), "\r\n")})
			continue
		}
		up, err := l.receive(part)
		if err != nil {
			return nil, nil, err
		}
		params = append(params, KV{"filename", part.FileName()})
		// Fields after the file are read too, as some clients send them last.
		for {
			part, err := mr.NextPart()
			if err != nil {
				if errors.Is(err, io.EOF) {
					return params, up, nil
				}
				up.discard()
				return nil, nil, errorf(501, "upload failed")
			}
			value, err := io.ReadAll(io.LimitReader(part, maxField))
			if err != nil {
				up.discard()
				return nil, nil, errorf(501, "upload failed")
			}
			params = append(params, KV{part.FormName(), string(value)})
		}
	}
}

// receive writes an uploaded file below tmp.
func (l *Lab) receive(r io.Reader) (*upload, error) {
	var name [16]byte
	rand.Read(name[:])
	up := &upload{path: l.dir.path("tmp", "pveupload-"+hex.EncodeToString(name[:]))}
	f, err := os.OpenFile(up.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	up.size, err = io.Copy(f, r)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		up.discard()
		return nil, errorf(501, "upload failed")
	}
	return up, nil
}
