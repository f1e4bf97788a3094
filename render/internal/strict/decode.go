// Package strict makes typed objects of values, more strictly than the API server does.
//
// Start reading at Decode. The API server drops unknown fields and takes null for an
// empty item: in a network policy either may open everything. Decode finds all that is
// wrong, each with its field path, and leaves it out, so that the rest can be checked as
// well. The package knows the types and field paths of the Kubernetes API. It does not
// know what a field is for, and does not see the text that the values came from.
package strict

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Options are what Decode has to know beside the values.
type Options struct {
	// NullItems allows null as an item of a list. A stray "-" leaves it behind; the API
	// server takes it for an empty item.
	NullItems bool
	// Written returns the scalar at a field path as it stands in the text, if it is
	// known; nil if nothing is.
	Written func(path string) (text string, ok bool)
}

type decoder struct {
	Options
	findings []Finding
}

// Decode sets the struct that into points to, to the values of a JSON object, and
// returns what is wrong with them: unknown fields, and values of the wrong type. Null,
// like the wrong type, leaves a field empty.
func Decode(values map[string]any, into any, options Options) []Finding {
	d := &decoder{Options: options}
	d.decode(values, reflect.ValueOf(into).Elem(), nil)
	return d.findings
}

func (d *decoder) add(err *field.Error, hint string) {
	d.findings = append(d.findings, Finding{Error: err, Hint: hint})
}

func (d *decoder) decode(value any, into reflect.Value, path *field.Path) {
	if value == nil {
		return
	}
	switch into := into.Addr().Interface().(type) {
	case *metav1.FieldsV1:
		text, _ := json.Marshal(value) // which was decoded from JSON
		into.SetRawBytes(text)
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
		names := fieldNames(into.Type())
		d.add(field.Forbidden(path.Child(key), "unknown field"), hintForField(key, names))
		d.findings[len(d.findings)-1].OtherCase = slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, key) })
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

func (d *decoder) decodeList(value any, into reflect.Value, path *field.Path) {
	items, ok := value.([]any)
	if !ok {
		d.wrongType(value, "a list", path)
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(items), len(items)))
	for i, item := range items {
		if item == nil && !d.NullItems {
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
			d.add(field.Invalid(path, number, "does not fit into 32 bits"), "")
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

func (d *decoder) written(value any, path *field.Path) any {
	if d.Written == nil {
		return value
	}
	if text, ok := d.Written(path.String()); ok {
		return text
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
			hint = fmt.Sprintf("put it in quotes, %q; in a template, quote does so, and the value has to be in quotes in values.yaml, too", quotable(value, written))
			want += ", but YAML reads it as " + kindOf(value)
		case "a whole number":
			hint = "" // what numbers are right depends on the field
		}
	}
	d.add(field.TypeInvalid(path, written, "must be "+want), hint)
}

// quotable is what a number is in quotes. Helm writes a large whole number as 3.5e+08.
func quotable(value, written any) any {
	if !strings.Contains(fmt.Sprint(written), "e+") {
		return written
	}
	if number, ok := value.(int64); ok {
		return strconv.FormatInt(number, 10)
	}
	if number, ok := value.(float64); ok && number == math.Trunc(number) {
		return strconv.FormatFloat(number, 'f', -1, 64)
	}
	return written
}

func kindOf(scalar any) string {
	if truth, ok := scalar.(bool); ok {
		return strconv.FormatBool(truth)
	}
	return "a number"
}

func hintForField(key string, names []string) string {
	isOdd := func(c rune) bool { return c > unicode.MaxASCII || c == ' ' }
	if word := strings.TrimFunc(key, isOdd); word != key {
		return fmt.Sprintf("a character that only looks like a space stands before %q: type plain spaces instead", word)
	}
	if guess := Nearest(key, names); guess != "" {
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
