export function mountView(element, props, watch) { element.textContent = JSON.stringify(props.value).slice(0, 200); watch("value", () => {element.textContent = JSON.stringify(props.value);}); }
