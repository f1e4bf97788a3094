package inspect

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/render/internal/node"
	"github.com/networknt/netpol-merge/render/internal/strict"
)

// causes are findings of which other errors may be mere consequences: decoding left out
// what is wrong. The zero value has none.
type causes struct {
	at    map[string]bool // paths of what is wrong, and of the mappings that hold it
	lists map[string]bool // paths of lists, and of labels, that hold it
	items map[string]bool // paths of items of a list that miss what was left out there
	ports map[string]bool // those of the items that miss a port
}

func (c *causes) add(f strict.Finding) {
	if c.at == nil {
		c.at, c.lists, c.items, c.ports = map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	}
	steps := node.Steps(f.Field)
	path, item := "", ""
	for _, step := range steps {
		if step.Brackets {
			c.lists[path] = true
			path += "[" + step.Name + "]"
			item = path
		} else {
			c.at[path] = true
			path = strings.TrimPrefix(path+"."+step.Name, ".")
		}
	}
	c.at[path] = true
	if item != "" {
		c.items[item] = true
		c.ports[item] = c.ports[item] || steps[len(steps)-1].Name == "port"
	}
}

// explain reports whether an error is there only because of one of the causes:
//   - it is about the same field, or about the mapping or, if it judges a value, the list
//     that holds it;
//   - it is about the same item of a list, and misses what was left out there, or what
//     that would have to stand beside.
func (c *causes) explain(err *field.Error) bool {
	if c.at[err.Field] || c.lists[err.Field] && err.Type == field.ErrorTypeInvalid {
		return true
	}
	item := err.Field[:strings.LastIndexByte(err.Field, ']')+1]
	if err.Type == field.ErrorTypeRequired || err.Type == field.ErrorTypeForbidden {
		return c.items[item]
	}
	return c.ports[item] && strings.HasSuffix(err.Field, ".endPort")
}
