/** What going through a text costs per character. */
export const TRAVERSAL = 0.1;
/** What a pattern costs per character, for a text of unit cost. */
export const REGEX_LENGTH = 0.25;
