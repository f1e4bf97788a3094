package render

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	yamlnode "go.yaml.in/yaml/v3"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// finding is a problem of an object, by field path, before it is known in which
// line that is.
type finding struct {
	*field.Error
	code Code
	hint string
	line int // in the document; 0 if the field path tells
}

// checker compares a manifest's values with the type that they are decoded
// into. The API server drops unknown fields and takes the last of two equal
// keys. In a network policy either one may open everything.
type checker struct {
	node      *yamlnode.Node
	findings  []finding
	nullItems bool // whether null is allowed as an item of a list
}

// checkFields finds unknown fields, values of the wrong type and duplicate
// keys in an object that is to be a NetworkPolicy. A null in a list is what a
// stray "-" leaves behind; the API server takes it for an empty item. The value
// returned is the object's without what has the wrong type, so that the rest
// can be decoded and checked as well.
func checkFields(o *object, nullItems bool) ([]finding, map[string]any) {
	c := &checker{node: o.node, nullItems: nullItems}
	value, _ := c.check(o.value, reflect.TypeFor[networkingv1.NetworkPolicy](), nil).(map[string]any)
	c.checkKeys(o.node, nil, map[*yamlnode.Node]bool{})
	return c.findings, value
}

func (c *checker) add(err *field.Error, hint string) {
	c.findings = append(c.findings, finding{Error: err, code: notInSchema, hint: hint})
}

// check returns the value, or nil if it has the wrong type.
func (c *checker) check(value any, t reflect.Type, path *field.Path) any {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case value == nil || t == reflect.TypeFor[metav1.FieldsV1]():
		return value
	case t == reflect.TypeFor[intstr.IntOrString]():
		if _, ok := value.(string); ok {
			return value
		}
		return c.checkScalar(value, reflect.TypeFor[int32](), path)
	case t == reflect.TypeFor[metav1.Time]():
		return c.checkTime(value, path)
	case t.Kind() == reflect.Struct:
		return c.checkStruct(value, t, path)
	case t.Kind() == reflect.Map:
		return c.checkMap(value, t.Elem(), path)
	case t.Kind() == reflect.Slice:
		return c.checkList(value, t.Elem(), path)
	}
	return c.checkScalar(value, t, path)
}

func (c *checker) checkStruct(value any, t reflect.Type, path *field.Path) any {
	entries, ok := value.(map[string]any)
	if !ok {
		return c.wrongType(value, "a mapping", path)
	}
	checked := make(map[string]any, len(entries))
	for key, value := range entries {
		if fieldType := fieldNamed(t, key); fieldType != nil {
			checked[key] = c.check(value, fieldType, path.Child(key))
			continue
		}
		c.add(field.Forbidden(path.Child(key), "unknown field"), hintForField(key, fieldsOf(t)))
	}
	return checked
}

func (c *checker) checkMap(value any, t reflect.Type, path *field.Path) any {
	entries, ok := value.(map[string]any)
	if !ok {
		return c.wrongType(value, "a mapping", path)
	}
	checked := make(map[string]any, len(entries))
	for key, value := range entries {
		checked[key] = c.check(value, t, path.Key(key))
	}
	return checked
}

func hintForField(key string, fields map[string]reflect.Type) string {
	var names []string
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	if guess := nearest(key, names); guess != "" {
		return fmt.Sprintf("did you mean %q?", guess)
	}
	if len(names) > 8 {
		return "remove it; the API server would ignore it"
	}
	return "the fields here are " + strings.Join(names, ", ") + "; check the indentation"
}

// fieldNamed is the type of a struct's field with a JSON name; nil if there is none.
func fieldNamed(t reflect.Type, name string) reflect.Type {
	for f := range t.Fields() {
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if tag == name && tag != "" {
			return f.Type
		}
		if tag == "" && f.Anonymous {
			if inner := fieldNamed(f.Type, name); inner != nil {
				return inner
			}
		}
	}
	return nil
}

// fieldsOf returns the JSON names of a struct's fields, with their types.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name != "":
			fields[name] = f.Type
		case f.Anonymous:
			maps.Copy(fields, fieldsOf(f.Type))
		}
	}
	return fields
}

func (c *checker) checkList(value any, t reflect.Type, path *field.Path) any {
	items, ok := value.([]any)
	if !ok {
		return c.wrongType(value, "a list", path)
	}
	checked := make([]any, len(items))
	for i, item := range items {
		if item == nil && !c.nullItems {
			c.add(field.Required(path.Index(i), "the item is null, which the API server takes for an empty one"), "remove the stray '-', or indent what belongs to it")
		}
		checked[i] = c.check(item, t, path.Index(i))
	}
	return checked
}

func (c *checker) checkScalar(value any, t reflect.Type, path *field.Path) any {
	switch t.Kind() {
	case reflect.String:
		if _, ok := value.(string); !ok {
			return c.wrongType(value, "text", path)
		}
	case reflect.Bool:
		if _, ok := value.(bool); !ok {
			return c.wrongType(value, "true or false", path)
		}
	default:
		number, ok := value.(int64)
		if !ok {
			return c.wrongType(value, "a whole number", path)
		}
		if t.Kind() == reflect.Int32 && (number < math.MinInt32 || number > math.MaxInt32) {
			err := field.Invalid(path, number, "does not fit into 32 bits")
			c.add(err, hintFor(err))
			return nil
		}
	}
	return value
}

func (c *checker) checkTime(value any, path *field.Path) any {
	text, ok := value.(string)
	if _, err := time.Parse(time.RFC3339, text); ok && err == nil {
		return value
	}
	c.add(field.TypeInvalid(path, c.written(value, path), "must be a time such as 2006-01-02T15:04:05Z"), "remove it; the API server fills it in")
	return nil
}

// written is a scalar as it stands in the text. Its value may look different:
// YAML reads 1.10 as the number 1.1, and y as true.
func (c *checker) written(value any, path *field.Path) any {
	if _, node := locate(c.node, path.String()); node != nil && node.Kind == yamlnode.ScalarNode {
		return node.Value
	}
	return value
}

// wrongType reports a value that is not what is wanted, and returns nil.
func (c *checker) wrongType(value any, want string, path *field.Path) any {
	hint, written := "check the indentation", any(field.OmitValueType{})
	switch value.(type) {
	case map[string]any:
		if want == "a list" {
			hint = "start each item of the list with '- '"
		}
		want += ", but is a mapping"
	case []any:
		hint = "remove the '- ', or check the indentation"
		want += ", but is a list"
	default:
		written = value
		switch want {
		case "text":
			written = c.written(value, path)
			hint = fmt.Sprintf("put it in quotes: %q", written)
			want += ", but YAML reads it as " + kindOf(value)
		case "a whole number":
			hint = hintFor(field.Invalid(path, value, ""))
		}
	}
	c.add(field.TypeInvalid(path, written, "must be "+want), hint)
	return nil
}

func kindOf(scalar any) string {
	if truth, ok := scalar.(bool); ok {
		return strconv.FormatBool(truth)
	}
	return "a number"
}

// checkKeys finds duplicate keys, and keys that are no plain strings.
func (c *checker) checkKeys(node *yamlnode.Node, path *field.Path, seen map[*yamlnode.Node]bool) {
	node = resolve(node)
	if node == nil || seen[node] {
		return
	}
	seen[node] = true
	if node.Kind == yamlnode.SequenceNode {
		for i, item := range node.Content {
			c.checkKeys(item, path.Index(i), seen)
		}
		return
	}
	keys := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := resolve(node.Content[i])
		if first, ok := keys[key.Value]; ok {
			c.findings = append(c.findings, finding{
				Error: field.Duplicate(childOrKey(path, key.Value), field.OmitValueType{}),
				code:  notInSchema,
				hint:  fmt.Sprintf("the key stands %s above already; keep one of them", plural(node.Content[i].Line-first, "line")),
				line:  node.Content[i].Line,
			})
		}
		keys[key.Value] = node.Content[i].Line
		if key.Kind != yamlnode.ScalarNode || key.ShortTag() == "!!binary" {
			c.findings = append(c.findings, finding{
				Error: field.Invalid(path, field.OmitValueType{}, "has a key that is not plain text"),
				code:  notInSchema,
				hint:  "write the key as a plain word",
				line:  node.Content[i].Line,
			})
		}
		c.checkKeys(node.Content[i+1], childOrKey(path, key.Value), seen)
	}
}

// childOrKey is the path of an entry: a field of the API is one word, a key of
// labels or annotations may be more.
func childOrKey(path *field.Path, key string) *field.Path {
	if strings.ContainsAny(key, "./") {
		return path.Key(key)
	}
	return path.Child(key)
}
