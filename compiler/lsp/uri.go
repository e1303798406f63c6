package lsp

import (
	"net/url"
	"path/filepath"
	"strings"
)

// pathOf is the file that a URI names; ok is false for what is no file, such as
// a document that was never saved.
func pathOf(uri string) (path string, ok bool) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" || u.Path == "" || u.Host != "" && u.Host != "localhost" {
		return "", false
	}
	path = u.Path
	if len(path) > 2 && path[0] == '/' && path[2] == ':' { // /c:/site
		path = strings.ToUpper(path[1:2]) + path[2:]
	}
	if strings.ContainsRune(path, 0) {
		return "", false
	}
	path = filepath.Clean(filepath.FromSlash(path))
	return path, filepath.IsAbs(path)
}

// uriOf names a file.
func uriOf(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}
