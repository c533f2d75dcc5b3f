/** Topics and topic filters (MQTT 3.1.1, 4.7). */

/** Whether text may be one level of a topic: not empty, no separator, no wildcard, nothing unprintable, no `$` in front. */
export const isTopicLevel = (text: string): boolean => text !== '' && !/[/+#\p{Cc}]/u.test(text) && !text.startsWith('$')

/** Whether text may be a topic filter: `+` fills a whole level, `#` a whole last one. */
export function isTopicFilter(text: string): boolean {
  const levels = text.split('/')
  return (
    text !== '' &&
    !text.includes('\0') &&
    levels.every((level, index) => (level === '#' ? index === levels.length - 1 : level === '+' || !/[+#]/.test(level)))
  )
}

/** Whether a message of this topic is meant by the filter. Wildcards in front do not reach topics that begin with `$` (4.7.2). */
export const topicMatches = (filter: string, topic: string): boolean => covers(filter, topic)

/** Whether everything the filter `wanted` can match is matched by the filter `allowed` too; a topic is a filter without wildcards. */
export function covers(allowed: string, wanted: string): boolean {
  const wide = allowed.split('/')
  const narrow = wanted.split('/')
  if (narrow[0]!.startsWith('$') && (wide[0] === '#' || wide[0] === '+')) return false
  for (const [index, level] of wide.entries()) {
    if (level === '#') return true
    const other = narrow[index]
    if (other === undefined || other === '#') return false
    if (level !== '+' && level !== other) return false
  }
  return wide.length === narrow.length
}
