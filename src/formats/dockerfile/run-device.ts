import { parseGoBool } from "../go-bool.ts";
import { suggestion } from "../nearest-word.ts";
import { syntaxError } from "./errors.ts";
import { csvFields } from "./run-mount.ts";

/** `RUN --device=vendor.com/class=name,required`: a device by its CDI name. */
export interface RunDevice {
  name: string;
  required: boolean;
}

export function parseRunDevice(text: string): RunDevice {
  const device: RunDevice = { name: "", required: false };
  for (const field of csvFields(text, "devices")) {
    const equals = field.indexOf("=");
    const key = (equals < 0 ? field : field.slice(0, equals)).toLowerCase();
    const value = field.slice(equals + 1);
    if (equals < 0) {
      if (key === "required") device.required = true;
      else if (device.name === "") device.name = field;
      else throw syntaxError(`invalid field '${field}' must be a key=value pair`);
    } else if (key === "name") {
      if (device.name !== "") throw syntaxError(`device name already set to ${device.name}`);
      device.name = value;
    } else if (key === "required") {
      const required = parseGoBool(value);
      if (required === undefined) throw syntaxError(`invalid value for ${key}: ${value}`);
      device.required = required;
    } else if (device.name === "") device.name = field;
    else throw syntaxError(`unexpected key '${key}' in '${field}'${suggestion(key, ["name", "required"])}`);
  }
  return device;
}
