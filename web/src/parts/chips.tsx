/** One of several, as chips in a row: pressed the one that holds; with `all`, a second press lets go of it. */
import type { ComponentChildren } from 'preact'

export interface Choice<Value extends string | number> {
  value: Value
  label: ComponentChildren
}

export function Chips<Value extends string | number>({
  legend,
  all,
  choices,
  chosen,
  onChoose,
}: {
  legend: string
  /** Name of the chip that stands for no choice. */
  all?: string
  choices: readonly Choice<Value>[]
  chosen: Value | undefined
  onChoose: (value: Value | undefined) => void
}) {
  return (
    <fieldset class="chips">
      <legend class="unseen">{legend}</legend>
      {all !== undefined && (
        <button type="button" class="chip" aria-pressed={chosen === undefined} onClick={() => onChoose(undefined)}>
          {all}
        </button>
      )}
      {choices.map(({ value, label }) => (
        <button
          key={value}
          type="button"
          class="chip"
          aria-pressed={chosen === value}
          onClick={() => onChoose(all !== undefined && chosen === value ? undefined : value)}
        >
          {label}
        </button>
      ))}
    </fieldset>
  )
}
