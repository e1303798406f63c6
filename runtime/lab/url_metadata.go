package lab

import (
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"path"
	"time"
)

// webTransport reaches URLs as the lab's process can. Whether certificates count
// is the decision of the caller of the API, as on PVE.
func webTransport(verify bool) *http.Transport {
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: 30 * time.Second, ResponseHeaderTimeout: time.Minute,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: !verify},
	}
}

// urlMetadata is GET …/query-url-metadata: what a server says of a file, without
// the file.
func (c *call) urlMetadata() (any, error) {
	u, err := url.Parse(c.str("url"))
	if err != nil {
		return nil, badParam("url", err.Error())
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	cannot := func(why string) error {
		return fmt.Errorf("invalid server response: '500 Can't connect to %s:%s (%s)'", u.Hostname(), port, why)
	}
	if unresolvable(u.Hostname()) {
		return nil, cannot("Temporary failure in name resolution")
	}
	req, err := http.NewRequestWithContext(c.ctx, http.MethodHead, u.String(), nil)
	if err != nil {
		return nil, badParam("url", err.Error())
	}
	transport := webTransport(c.flagOr("verify-certificates", true))
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Do(req)
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &dns):
		return nil, cannot("Name or service not known")
	case errors.As(err, &certificate):
		return nil, cannot("certificate verify failed")
	case err != nil:
		return nil, cannot("Connection refused")
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("invalid server response: '%s'", resp.Status)
	}
	row := map[string]any{"filename": path.Base(resp.Request.URL.Path)}
	if _, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition")); err == nil && params["filename"] != "" {
		row["filename"] = params["filename"]
	}
	if kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err == nil {
		row["mimetype"] = kind
	}
	if resp.ContentLength >= 0 {
		row["size"] = resp.ContentLength
	}
	return row, nil
}
