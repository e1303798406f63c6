package manual

import (
	"strings"

	"github.com/homestak/homestak/lang/schema"
)

// Takes says in a few plain words what a field accepts, and gives a value of
// that form; "" where one value says nothing about the others. It is what a
// reader needs who has just written something else there.
func Takes(f *schema.Field) (text, example string) {
	if f.Type == schema.Ref {
		return "the name of " + article(f.Of), ""
	}
	if f.Enum == nil && f.Type != schema.Int && f.Type != schema.Size {
		for _, form := range formsOfTypes() {
			if form.of == f.Type && f.Type != schema.String {
				return form.text, form.example
			}
		}
	}
	text = strings.ReplaceAll((&maker{}).holds(f, nil), "`", "")
	if f.Type == schema.Size {
		example = "64GiB"
		if f.Max > 0 && f.Max < int64(64<<30) || f.Unit < 1<<30 {
			example = "2GiB"
		}
	}
	return text, example
}
