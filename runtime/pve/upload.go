package pve

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
)

// upload posts a multipart form with the file last, as PVE demands, and streams
// the file. The library's own call takes no context, so it cannot be used.
func (c *Client) upload(ctx context.Context, path string, up Upload) (UPID, error) {
	algorithm, digest, err := splitChecksum(up.Checksum)
	if err != nil {
		return "", err
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for _, field := range [][2]string{{"content", up.Content}, {"checksum-algorithm", algorithm}, {"checksum", digest}} {
		if err := w.WriteField(field[0], field[1]); err != nil {
			return "", err
		}
	}
	if _, err := w.CreateFormFile("filename", up.Filename); err != nil {
		return "", err
	}
	head := form.Len()
	if err := w.Close(); err != nil {
		return "", err
	}
	// The transport waits for its writer, and the writer for the source: one that
	// stalls must be woken when the context ends.
	if source, ok := up.Body.(io.Closer); ok {
		defer context.AfterFunc(ctx, func() { _ = source.Close() })()
	}
	body := io.MultiReader(
		bytes.NewReader(form.Bytes()[:head]),
		&exactly{r: up.Body, left: up.Size},
		bytes.NewReader(form.Bytes()[head:]),
	)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, body)
	if err != nil {
		return "", err
	}
	req.ContentLength = int64(form.Len()) + up.Size
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.cfg.UserAgent)
	res, err := c.http.Do(req)
	if err != nil {
		return "", c.typed(ctx, http.MethodPost, path, err)
	}
	defer func() { _ = res.Body.Close() }()
	var answer struct {
		Data UPID `json:"data"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return "", c.typed(ctx, http.MethodPost, path, err)
	}
	return answer.Data, nil
}

// exactly reads left bytes of r and fails when there are fewer or more: the
// length was promised to the server already.
type exactly struct {
	r    io.Reader
	left int64
}

func (e *exactly) Read(p []byte) (int, error) {
	if e.left == 0 {
		if n, _ := e.r.Read(make([]byte, 1)); n > 0 {
			return 0, fmt.Errorf("the file is longer than announced")
		}
		return 0, io.EOF
	}
	if int64(len(p)) > e.left {
		p = p[:e.left]
	}
	n, err := e.r.Read(p)
	e.left -= int64(n)
	if err == io.EOF {
		if e.left > 0 {
			return n, fmt.Errorf("the file is %d bytes shorter than announced", e.left)
		}
		err = nil
	}
	return n, err
}
