package server

import (
	"net/http"
	"slices"
	"strings"

	"github.com/homestak/homestak/runtime/sign"
	"github.com/homestak/homestak/runtime/spec"
)

// The paths of upstream's spec server, for tools that know those: they give
// names and the secret-free form of a spec, and nothing else.

// compatSpecs lists the specs in use.
func (s *Server) compatSpecs(x *exchange) error {
	names := []string{}
	err := s.eachNode(x, func(_ string, rec record) error {
		if rec.SpecName != "" {
			names = append(names, rec.SpecName)
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.Sort(names)
	return x.json(http.StatusOK, map[string][]string{"specs": slices.Compact(names)})
}

// compatSpec gives the effective spec of the node of that name. How it asks who
// is there is the posture's to say.
func (s *Server) compatSpec(x *exchange) error {
	name := x.r.PathValue("name")
	var found []record
	var uuids []string
	err := s.eachNode(x, func(uuid string, rec record) error {
		if rec.Name == name && len(rec.Spec) > 0 {
			found, uuids = append(found, rec), append(uuids, uuid)
		}
		return nil
	})
	if err != nil {
		return err
	}
	text, bearer := strings.CutPrefix(x.r.Header.Get("Authorization"), "Bearer ")
	var token sign.Token
	if bearer {
		if token, err = sign.OpenToken(s.cfg.Trust, text); err != nil {
			return deny(http.StatusUnauthorized, "token", "%v", err)
		}
		switch {
		case token.Audience != s.cfg.Site:
			return deny(http.StatusUnauthorized, "audience", "token %s is for site %s", token.ID, token.Audience)
		case token.Expired(s.cfg.Now()):
			return deny(http.StatusUnauthorized, "expired", "token %s for %s", token.ID, token.Node)
		}
		if u, err := get[tokenUse](x.ctx(), s, keyToken+token.ID); err == nil && u.Revoked {
			return deny(http.StatusUnauthorized, "revoked", "token %s for %s", token.ID, token.Node)
		}
	}
	for i, rec := range found {
		switch {
		case rec.Auth == spec.AuthNodeToken && (!bearer || token.Node != uuids[i]), rec.Auth == spec.AuthSiteToken && !bearer:
			continue
		}
		x.w.Header().Set("ETag", rec.ETag)
		x.w.Header().Set("Content-Type", "application/json")
		_, err := x.w.Write(rec.Spec)
		return err
	}
	if len(found) > 0 || !bearer {
		// Whether there is such a node is not for strangers to know.
		return deny(http.StatusUnauthorized, "token", "spec of %q without the token it takes", name)
	}
	return refuse(http.StatusNotFound, "E200", "no node of that name has a spec")
}
