print("oneiro")
