/**
 * Names of the IANA time zone database that Intl understands and does not list: older names of zones (its file `backward`),
 * and names of which the list has the other one of two. By what stands before the first slash.
 */
const LINKS: Record<string, string> = {
  Africa: "Asmara Asmera Timbuktu",
  America:
    "Argentina/Buenos_Aires Argentina/Catamarca Argentina/ComodRivadavia Argentina/Cordoba Argentina/Jujuy Argentina/Mendoza Atikokan Atka Buenos_Aires Catamarca Coral_Harbour Cordoba Ensenada Fort_Wayne Godthab Indiana/Indianapolis Indianapolis Jujuy Kentucky/Louisville Knox_IN Louisville Mendoza Montreal Nipigon Nuuk Pangnirtung Porto_Acre Rainy_River Rosario Santa_Isabel Shiprock Thunder_Bay Virgin Yellowknife",
  Antarctica: "South_Pole",
  Asia: "Ashkhabad Calcutta Choibalsan Chongqing Chungking Dacca Harbin Ho_Chi_Minh Istanbul Kashgar Kathmandu Katmandu Kolkata Macao Rangoon Saigon Tel_Aviv Thimbu Ujung_Pandang Ulan_Bator Yangon",
  Atlantic: "Faeroe Faroe Jan_Mayen",
  Australia: "ACT Canberra Currie LHI NSW North Queensland South Tasmania Victoria West Yancowinna",
  Brazil: "Acre DeNoronha East West",
  "": "CET CST6CDT Cuba EET EST EST5EDT Egypt Eire GB GB-Eire GMT GMT+0 GMT-0 GMT0 Greenwich HST Hongkong Iceland Iran Israel Jamaica Japan Kwajalein Libya MET MST MST7MDT NZ NZ-CHAT Navajo PRC PST8PDT Poland Portugal ROC ROK Singapore Turkey UCT UTC Universal W-SU WET Zulu",
  Canada: "Atlantic Central Eastern Mountain Newfoundland Pacific Saskatchewan Yukon",
  Chile: "Continental EasterIsland",
  Etc: "Greenwich UCT UTC Universal Zulu",
  Europe: "Belfast Kiev Kyiv Nicosia Tiraspol Uzhgorod Zaporozhye",
  Mexico: "BajaNorte BajaSur General",
  Pacific: "Chuuk Enderbury Johnston Kanton Pohnpei Ponape Samoa Truk Yap",
  US: "Alaska Aleutian Arizona Central East-Indiana Eastern Hawaii Indiana-Starke Michigan Mountain Pacific Samoa",
};

let names: ReadonlySet<string> | undefined;

function timeZoneNames(): ReadonlySet<string> {
  names ??= new Set([
    ...Intl.supportedValuesOf("timeZone"),
    ...Object.entries(LINKS).flatMap(([area, places]) =>
      places.split(" ").map((place) => (area === "" ? place : `${area}/${place}`)),
    ),
    ...fixedOffsetNames(),
  ]);
  return names;
}

/** `Etc/GMT+12` to `Etc/GMT-14`, which count the other way round. */
function fixedOffsetNames(): string[] {
  const hours = Array.from({ length: 27 }, (_, index) => index - 14);
  return ["Etc/GMT", "Etc/GMT0", "Etc/GMT-0", ...hours.map((hour) => `Etc/GMT${hour < 0 ? "" : "+"}${hour}`)];
}

/** What Go's time.LoadLocation says of a name that is none; undefined for one that is. Other than Intl it knows names in one spelling only. */
export function timeZoneProblem(name: string): string | undefined {
  if (name === "" || name === "UTC" || name === "Local") return undefined;
  if (name.includes("..") || /^[/\\]/.test(name)) return "time: invalid location name";
  return timeZoneNames().has(name) ? undefined : `unknown time zone ${name}`;
}

/** A clock on the wall in a time zone; without one, in this machine's. */
export class WallClock {
  readonly #format: Intl.DateTimeFormat | undefined;

  constructor(timeZone?: string) {
    if (timeZone === "UTC") return;
    this.#format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  }

  /** What it shows at an instant, in milliseconds since the epoch as if it stood in UTC; whole seconds. */
  shownAt(ms: number): number {
    if (this.#format === undefined) return Math.floor(ms / 1000) * 1000;
    const parts = this.#format.formatToParts(ms);
    const of = (type: string) => Number(parts.find((part) => part.type === type)!.value);
    return Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"));
  }

  /**
   * The first instant after `ms` at which it shows `shownMs` or, where the clocks were put over that, what comes after.
   * `shownMs` lies ahead of what it shows at `ms`.
   */
  instantOf(shownMs: number, ms: number): number {
    const before = this.shownAt(ms) - ms;
    const late = shownMs - before;
    const after = this.shownAt(late) - late;
    const exact = shownMs - after;
    return this.shownAt(exact) >= shownMs ? exact : late;
  }
}
