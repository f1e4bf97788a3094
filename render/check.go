package render

import (
	"fmt"
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

// isWrongValue tells whether the finding keeps the API server from reading the object,
// as unknown fields and duplicate keys do not.
func (f finding) isWrongValue() bool {
	return f.Type == field.ErrorTypeTypeInvalid || f.Type == field.ErrorTypeInvalid
}

// decoder makes a policy of an object's values, more strictly than the API server,
// which drops unknown fields and takes the last of two equal keys: in a network
// policy either one may open everything.
type decoder struct {
	node      *yamlnode.Node
	findings  []finding
	nullItems bool // whether null is allowed as an item of a list
}

// decode makes a policy of an object, and finds unknown fields, values of the
// wrong type and duplicate keys. What has the wrong type is left out, so that the
// rest can be checked as well. A null in a list is what a stray "-" leaves behind;
// the API server takes it for an empty item.
func decode(o *object, nullItems bool) (*networkingv1.NetworkPolicy, []finding) {
	d := &decoder{node: o.node, nullItems: nullItems}
	policy := &networkingv1.NetworkPolicy{}
	d.decode(o.value, reflect.ValueOf(policy).Elem(), nil)
	d.checkKeys(o.node, nil, map[*yamlnode.Node]bool{})
	return policy, d.findings
}

func (d *decoder) add(err *field.Error, hint string) {
	d.findings = append(d.findings, finding{Error: err, code: notInSchema, hint: hint})
}

// decode sets a field to a value. Null, like the wrong type, leaves it empty.
func (d *decoder) decode(value any, into reflect.Value, path *field.Path) {
	if value == nil {
		return
	}
	switch into := into.Addr().Interface().(type) {
	case *metav1.FieldsV1:
		into.SetRawString(asJSON(value))
		return
	case *intstr.IntOrString:
		if text, ok := value.(string); ok {
			*into = intstr.FromString(text)
		} else {
			d.decodeScalar(value, reflect.ValueOf(&into.IntVal).Elem(), path)
		}
		return
	case *metav1.Time:
		d.decodeTime(value, into, path)
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		before, pointed := len(d.findings), reflect.New(into.Type().Elem())
		d.decode(value, pointed.Elem(), path)
		if len(d.findings) == before || d.findings[before].Field != path.String() {
			into.Set(pointed)
		}
	case reflect.Struct:
		d.decodeStruct(value, into, path)
	case reflect.Map:
		d.decodeMap(value, into, path)
	case reflect.Slice:
		d.decodeList(value, into, path)
	default:
		d.decodeScalar(value, into, path)
	}
}

func (d *decoder) decodeStruct(value any, into reflect.Value, path *field.Path) {
	entries, ok := value.(map[string]any)
	if !ok {
		d.wrongType(value, "a mapping", path)
		return
	}
	for key, value := range entries {
		if inner := fieldNamed(into, key); inner.IsValid() {
			d.decode(value, inner, path.Child(key))
			continue
		}
		d.add(field.Forbidden(path.Child(key), "unknown field"), hintForField(key, fieldNames(into.Type())))
	}
}

func (d *decoder) decodeMap(value any, into reflect.Value, path *field.Path) {
	entries, ok := value.(map[string]any)
	if !ok {
		d.wrongType(value, "a mapping", path)
		return
	}
	into.Set(reflect.MakeMapWithSize(into.Type(), len(entries)))
	for key, value := range entries {
		entry := reflect.New(into.Type().Elem()).Elem()
		d.decode(value, entry, path.Key(key))
		into.SetMapIndex(reflect.ValueOf(key), entry)
	}
}

func hintForField(key string, names []string) string {
	if guess := nearest(key, names); guess != "" {
		return fmt.Sprintf("did you mean %q?", guess)
	}
	if len(names) > 8 {
		return "remove it; the API server would ignore it"
	}
	return "the fields here are " + strings.Join(names, ", ") + "; check the indentation"
}

// fieldNamed is a struct's field with a JSON name; the zero Value if there is none.
func fieldNamed(in reflect.Value, name string) reflect.Value {
	for f, value := range in.Fields() {
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if tag == name && tag != "" {
			return value
		}
		if tag == "" && f.Anonymous {
			if inner := fieldNamed(value, name); inner.IsValid() {
				return inner
			}
		}
	}
	return reflect.Value{}
}

// fieldNames are the JSON names of a struct's fields, sorted.
func fieldNames(t reflect.Type) []string {
	var names []string
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name != "":
			names = append(names, name)
		case f.Anonymous:
			names = append(names, fieldNames(f.Type)...)
		}
	}
	slices.Sort(names)
	return names
}

func (d *decoder) decodeList(value any, into reflect.Value, path *field.Path) {
	items, ok := value.([]any)
	if !ok {
		d.wrongType(value, "a list", path)
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(items), len(items)))
	for i, item := range items {
		if item == nil && !d.nullItems {
			d.add(field.Required(path.Index(i), "the item is null, which the API server takes for an empty one"), "remove the stray '-', or indent what belongs to it")
		}
		d.decode(item, into.Index(i), path.Index(i))
	}
}

func (d *decoder) decodeScalar(value any, into reflect.Value, path *field.Path) {
	switch into.Kind() {
	case reflect.String:
		if text, ok := value.(string); ok {
			into.SetString(text)
		} else {
			d.wrongType(value, "text", path)
		}
	case reflect.Bool:
		if truth, ok := value.(bool); ok {
			into.SetBool(truth)
		} else {
			d.wrongType(value, "true or false", path)
		}
	default:
		number, ok := value.(int64)
		switch {
		case !ok:
			d.wrongType(value, "a whole number", path)
		case into.OverflowInt(number):
			err := field.Invalid(path, number, "does not fit into 32 bits")
			d.add(err, hintFor(err))
		default:
			into.SetInt(number)
		}
	}
}

func (d *decoder) decodeTime(value any, into *metav1.Time, path *field.Path) {
	text, _ := value.(string)
	var err error
	if into.Time, err = time.Parse(time.RFC3339, text); err != nil {
		d.add(field.TypeInvalid(path, d.written(value, path), "must be a time such as 2006-01-02T15:04:05Z"), "remove it; the API server fills it in")
	}
}

// written is a scalar as it stands in the text. Its value may look different:
// YAML reads 1.10 as the number 1.1, and y as true.
func (d *decoder) written(value any, path *field.Path) any {
	if _, node := locate(d.node, path.String()); node != nil && node.Kind == yamlnode.ScalarNode {
		return node.Value
	}
	return value
}

// wrongType reports a value that is not what is wanted.
func (d *decoder) wrongType(value any, want string, path *field.Path) {
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
			written = d.written(value, path)
			hint = fmt.Sprintf("put it in quotes: %q", written)
			want += ", but YAML reads it as " + kindOf(value)
		case "a whole number":
			hint = hintFor(field.Invalid(path, value, ""))
		}
	}
	d.add(field.TypeInvalid(path, written, "must be "+want), hint)
}

func kindOf(scalar any) string {
	if truth, ok := scalar.(bool); ok {
		return strconv.FormatBool(truth)
	}
	return "a number"
}

// checkKeys finds duplicate keys, and keys that are no plain strings.
func (d *decoder) checkKeys(node *yamlnode.Node, path *field.Path, seen map[*yamlnode.Node]bool) {
	node = resolve(node)
	if node == nil || seen[node] {
		return
	}
	seen[node] = true
	if node.Kind == yamlnode.SequenceNode {
		for i, item := range node.Content {
			d.checkKeys(item, path.Index(i), seen)
		}
		return
	}
	keys := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := resolve(node.Content[i])
		if first, ok := keys[key.Value]; ok {
			d.findings = append(d.findings, finding{
				Error: field.Duplicate(childOrKey(path, key.Value), field.OmitValueType{}),
				code:  notInSchema,
				hint:  fmt.Sprintf("the key stands %s above already; keep one of them", plural(node.Content[i].Line-first, "line")),
				line:  node.Content[i].Line,
			})
		}
		keys[key.Value] = node.Content[i].Line
		if key.Kind != yamlnode.ScalarNode || key.ShortTag() == "!!binary" {
			d.findings = append(d.findings, finding{
				Error: field.Invalid(path, field.OmitValueType{}, "has a key that is not plain text"),
				code:  notInSchema,
				hint:  "write the key as a plain word",
				line:  node.Content[i].Line,
			})
		}
		d.checkKeys(node.Content[i+1], childOrKey(path, key.Value), seen)
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
