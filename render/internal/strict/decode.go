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
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Options are what Decode has to know beside the values.
type Options struct {
	// NullItems allows null as an item of a list. A stray "-" leaves it behind; the API
	// server takes it for an empty item.
	NullItems bool
	// DropUnknown leaves out unknown fields without a finding, as the API server does,
	// but for those that are known in another case of letters.
	DropUnknown bool
	// Written returns the scalar at a field path as it stands in the text, if it is
	// known; nil if nothing is.
	Written func(path string) (text string, ok bool)
}

// MostFindings is how many findings are enough: 1 MiB can hold a quarter of a million.
const MostFindings = 1000

type decoder struct {
	Options
	findings []Finding
	fields   map[reflect.Type]map[string][]int // as fieldsOf found them
}

// Decode sets the struct that into points to, to the values of a JSON object, and
// returns what is wrong with them: unknown fields, and values of the wrong type. Null,
// like the wrong type, leaves a field empty. Of more than MostFindings the rest is neither
// looked for nor set.
func Decode(values map[string]any, into any, options Options) []Finding {
	d := &decoder{Options: options, fields: map[reflect.Type]map[string][]int{}}
	d.decode(values, reflect.ValueOf(into).Elem(), nil)
	return d.findings
}

func (d *decoder) add(err *field.Error, hint string) {
	d.findings = append(d.findings, Finding{Error: err, Hint: hint})
}

func (d *decoder) isFull() bool { return len(d.findings) > MostFindings }

func (d *decoder) decode(value any, into reflect.Value, path *field.Path) {
	if value == nil || d.isFull() {
		return
	}
	switch into := into.Addr().Interface().(type) {
	case *intstr.IntOrString:
		if text, ok := value.(string); ok {
			*into = intstr.FromString(text)
		} else {
			d.decodeScalar(value, reflect.ValueOf(&into.IntVal).Elem(), path)
		}
		return
	case json.Unmarshaler: // a time; or fields that a manager owns, which may be anything
		text, _ := json.Marshal(value) // which was decoded from JSON
		if into.UnmarshalJSON(text) != nil {
			d.add(field.TypeInvalid(path, d.written(value, path), "must be a time such as 2006-01-02T15:04:05Z"), "remove it; the API server fills it in")
		}
		return
	}
	entries, isMapping := value.(map[string]any)
	items, isList := value.([]any)
	switch kind := into.Kind(); {
	case kind == reflect.Pointer:
		before, pointed := len(d.findings), reflect.New(into.Type().Elem())
		d.decode(value, pointed.Elem(), path)
		if len(d.findings) == before || d.findings[before].Field != path.String() {
			into.Set(pointed)
		}
	case kind == reflect.Struct && isMapping:
		d.decodeStruct(entries, into, path)
	case kind == reflect.Map && isMapping:
		d.decodeMap(entries, into, path)
	case kind == reflect.Slice && isList:
		d.decodeList(items, into, path)
	case kind == reflect.Struct || kind == reflect.Map:
		d.wrongType(value, "a mapping", path)
	case kind == reflect.Slice:
		d.wrongType(value, "a list", path)
	default:
		d.decodeScalar(value, into, path)
	}
}

func (d *decoder) decodeStruct(entries map[string]any, into reflect.Value, path *field.Path) {
	fields := d.fieldsOf(into.Type())
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		if d.isFull() {
			return
		}
		value := entries[key]
		if index, known := fields[key]; known {
			d.decode(value, into.FieldByIndex(index), path.Child(key))
			continue
		}
		names := slices.Sorted(maps.Keys(fields))
		isOtherCase := slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, key) })
		if isOtherCase || !d.DropUnknown {
			d.add(field.Forbidden(ChildOrKey(path, key), "unknown field"), hintForField(key, names))
		}
	}
}

func (d *decoder) decodeMap(entries map[string]any, into reflect.Value, path *field.Path) {
	into.Set(reflect.MakeMapWithSize(into.Type(), len(entries)))
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		entry := reflect.New(into.Type().Elem()).Elem()
		d.decode(entries[key], entry, path.Key(key))
		into.SetMapIndex(reflect.ValueOf(key), entry)
	}
}

func (d *decoder) decodeList(items []any, into reflect.Value, path *field.Path) {
	into.Set(reflect.MakeSlice(into.Type(), len(items), len(items)))
	for i, item := range items {
		if d.isFull() {
			return
		}
		if item == nil && !d.NullItems {
			d.add(field.Required(path.Index(i), "the item is null, which the API server takes for an empty one"), "remove the stray '-', or indent what belongs to it")
		}
		d.decode(item, into.Index(i), path.Index(i))
	}
}

func (d *decoder) decodeScalar(value any, into reflect.Value, path *field.Path) {
	text, isText := value.(string)
	truth, isBool := value.(bool)
	number, isNumber := value.(int64)
	switch kind := into.Kind(); {
	case kind == reflect.String && isText:
		into.SetString(text)
	case kind == reflect.String:
		d.wrongType(value, "text", path)
	case kind == reflect.Bool && isBool:
		into.SetBool(truth)
	case kind == reflect.Bool:
		d.wrongType(value, "true or false", path)
	case !isNumber:
		d.wrongType(value, "a whole number", path)
	case into.OverflowInt(number):
		d.add(field.Invalid(path, number, "does not fit into 32 bits"), "")
	default:
		into.SetInt(number)
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
		return "move it to where it belongs, or remove it: the API server would ignore it"
	}
	return "the fields here are " + strings.Join(names, ", ") + "; check the indentation"
}

// fieldsOf are the indices of a struct's fields, embedded ones too, by their JSON names.
func (d *decoder) fieldsOf(t reflect.Type) map[string][]int {
	if d.fields[t] == nil {
		d.fields[t] = map[string][]int{}
		for f := range t.Fields() {
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
				d.fields[t][name] = f.Index
			} else if f.Anonymous {
				for name, index := range d.fieldsOf(f.Type) {
					d.fields[t][name] = append(slices.Clone(f.Index), index...)
				}
			}
		}
	}
	return d.fields[t]
}
