//go:build linux

package linux

import (
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

// Proxy is a forward proxy for the packages of guests, which have no way out of
// their network: it fetches from the hosts that allowed names, and from nowhere
// else. A guest's apt needs no more than its address, not even a name server.
func Proxy(allowed func(host string) bool) http.Handler {
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.Out.Host = r.In.URL.Host },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, err.Error(), http.StatusBadGateway)
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			http.Error(w, "packages are only fetched", http.StatusMethodNotAllowed)
		case r.URL.Scheme != "http" || !allowed(r.URL.Hostname()):
			http.Error(w, "no packages come from "+origin(r.URL), http.StatusForbidden)
		default:
			forward.ServeHTTP(w, r)
		}
	})
}

func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }

var sourceURL = regexp.MustCompile(`(?m)^(?:deb|URIs:)[ \t].*?\bhttp://([^/\s]+)`)

// Mirrors lists the hosts that a root filesystem takes packages from, sorted.
func Mirrors(root string) ([]string, error) {
	files := []string{filepath.Join(root, "etc/apt/sources.list")}
	for _, pattern := range []string{"*.list", "*.sources"} {
		more, err := filepath.Glob(filepath.Join(root, "etc/apt/sources.list.d", pattern))
		if err != nil {
			return nil, err
		}
		files = append(files, more...)
	}
	var hosts []string
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil && !os.IsNotExist(err) {
			return nil, fmt.Errorf("package sources: %w", err)
		}
		for _, m := range sourceURL.FindAllSubmatch(data, -1) {
			hosts = append(hosts, string(m[1]))
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts), nil
}
